-- teams.lua - a card in a Microsoft Teams channel for the sales team.
--
-- The URL is that of a workflow "post to a channel when a webhook request is received"; it is a
-- secret: url = "file:/etc/leadmilter/teams.url".

local lib = require "lib"

local function block(text, weight)
	local safe = text:gsub("([\\`*_~#<>%[%]])", "\\%1")
	return {type = "TextBlock", text = safe, wrap = true, weight = weight}
end

return {
	name = "teams", title = "Microsoft Teams (card for the team)", tested = "its documentation",
	options = {},
	deliver = lib.chat(function(crm, head, lines)
		local body = {block(head, "Bolder")}
		for i, line in ipairs(lines) do body[i + 1] = block(line) end
		crm:post("", {type = "message", attachments = {{
			contentType = "application/vnd.microsoft.card.adaptive",
			content = {["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json",
				type = "AdaptiveCard", version = "1.4", body = body}}}})
	end),
}

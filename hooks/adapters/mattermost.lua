-- mattermost.lua - a line in a Mattermost channel for the sales team; the URL is an incoming webhook's.
--
-- The URL is a secret: url = "file:/etc/leadmilter/mattermost.url".

local lib = require "lib"

-- Markdown stays text, and nobody's subject calls @all.
local function safe(text)
	return (text:gsub("([\\`*_~#|<>%[%]])", "\\%1"):gsub("@(%a)", "@\u{200b}%1"))
end

return {
	name = "mattermost", title = "Mattermost (message for the team)", tested = "its documentation",
	options = {channel = "", username = "leadmilter"},
	deliver = lib.chat(function(crm, head, lines)
		crm:post("", {text = "**" .. safe(head) .. "**\n" .. safe(table.concat(lines, "\n")),
			channel = lib.first(crm.config.channel), username = lib.first(crm.config.username)})
	end),
}

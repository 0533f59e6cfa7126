-- slack.lua - a line in a Slack channel for the sales team; the URL is an incoming webhook's.
--
-- The URL is a secret: url = "file:/etc/leadmilter/slack.url".  Choose what is told by the
-- endpoint's events, for example {"lead.qualified", "lead.assigned", "lead.sla_breached"}.

local lib = require "lib"

-- Slack's control characters; so nobody's subject calls the whole channel.
local function safe(text)
	return (text:gsub("[&<>]", {["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;"}))
end

return {
	name = "slack", title = "Slack (message for the team)", tested = "its documentation",
	options = {},
	deliver = lib.chat(function(crm, head, lines)
		crm:post("", {text = "*" .. safe(head) .. "*\n" .. safe(table.concat(lines, "\n"))})
	end),
}

-- odoo_webhook.lua - Odoo 17 and later: an automation rule's "Send Webhook Notification" on crm.lead.
--
-- Odoo signs nothing: the URL carries the token, https://…/v1/in/CLIENT?token=….  The body has
-- _model, _id and the fields chosen in the rule.  What is used of them: email_from, stage_id (an
-- id, or id and name), probability, active, lost_reason_id, write_date.  Stages are the site's
-- own: settings "stage.4=won", "stage.Qualified=qualified" say what they mean.

local function meaning(lead, hook)
	local stage = lead.stage_id
	local id = type(stage) == "table" and stage[1] or stage
	local name = type(stage) == "table" and stage[2]
	local said = id and hook.config["stage." .. tostring(id)] or
		name and hook.config["stage." .. tostring(name)]
	if said and said ~= "" then return said end
	if lead.active == false then return "lost" end
	if tonumber(lead.probability) == 100 then return "won" end
end

return {
	name = "odoo_webhook",
	title = "Odoo's webhook notifications",
	tested = "its documentation",
	needs = { "token" },
	options = { ["stage.*"] = "" },
	receive = function(request, hook)
		if not hook.equal(hook.config.token, request.query.token) then
			hook.deny("the token is not ours")
		end
		local lead = request.json or {}
		local said = lead._model == "crm.lead" and meaning(lead, hook)
		if not said then return {} end
		local stage = said:match("^stage:(.+)")
		local email = type(lead.email_from) == "string" and
			lead.email_from:match("[^%s<>\"]+@[^%s<>\"]+")
		local changed = type(lead.write_date) == "string" and lead.write_date or nil
		return { outcomes = { {
			outcome = stage and "stage" or said, value = stage,
			record = tostring(lead._id), email = email or nil,
			reason = "Odoo: " .. said,
			id = changed and "odoo." .. tostring(lead._id) .. "." .. changed,
		} } }
	end,
}

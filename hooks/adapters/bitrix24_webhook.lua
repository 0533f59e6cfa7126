-- bitrix24_webhook.lua - Bitrix24: the automation rule "Webhook" of a stage, and outgoing webhooks.
--
-- An automation rule posts document_id[2] = LEAD_7 and carries in its URL what the stage means:
-- https://…/v1/in/CLIENT?outcome=won&token=….  An outgoing webhook posts event, data[FIELDS][ID]
-- and its own token in auth[application_token]; it doesn't say what changed, so only events named
-- in the settings count: "event.ONCRMLEADDELETE=rejected" (apidocs.bitrix24.com, "Events").
-- `endpoint` in the client section says whose record ids they are.

local function check(request, hook)
	local given = request.form["auth[application_token]"] or request.query.token
	if not hook.equal(hook.config.token, given) then
		hook.deny("neither auth[application_token] nor token is ours")
	end
end

return {
	name = "bitrix24_webhook",
	title = "Bitrix24's webhooks",
	tested = "its documentation",
	needs = { "token" },
	options = { ["event.*"] = "" },
	receive = function(request, hook)
		check(request, hook)
		local form = request.form
		local event = (form.event or ""):upper()
		local said = request.query.outcome or hook.config["event." .. event]
		local record = form["data[FIELDS][ID]"] or
			(form["document_id[2]"] or ""):match("^%a+_(%d+)$")
		if not said or said == "" or not record then return {} end
		local stage = said:match("^stage:(.+)")
		local time = tonumber(form.ts)
		return { outcomes = { {
			outcome = stage and "stage" or said, value = stage or request.query.value,
			record = record, reason = request.query.reason or "Bitrix24: " .. (event ~= "" and
				event or form["document_id[2]"]),
			time = time and hook.time(time * 1000),
			id = time and event .. "." .. record .. "." .. form.ts,
		} } }
	end,
}

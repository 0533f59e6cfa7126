-- hubspot_webhook.lua - HubSpot's webhooks: contact.propertyChange, contact.merge.
--
-- Signed in X-HubSpot-Signature-v3 with the app's client secret over method, URL, body and
-- time (developers.hubspot.com, "Validating requests from HubSpot").  A change names the contact
-- by its id only: `endpoint` in the client section says whose ids they are.

-- What a property's value means for a lead; settings "lifecyclestage.VALUE=outcome" and
-- "hs_lead_status.VALUE=outcome" say otherwise.  "stage:mql" is a stage.
local meanings = {
	lifecyclestage = {
		marketingqualifiedlead = "stage:mql", salesqualifiedlead = "qualified",
		opportunity = "qualified", customer = "won",
	},
	hs_lead_status = {
		IN_PROGRESS = "accepted", CONNECTED = "accepted", OPEN_DEAL = "qualified",
		UNQUALIFIED = "rejected", BAD_TIMING = "recycled",
	},
}

local function check(request, hook)
	local time = tonumber(request.headers["x-hubspot-request-timestamp"])
	if not time or math.abs(hook.now - time / 1000) > 300 then
		hook.deny("X-HubSpot-Request-Timestamp is missing or more than five minutes off")
	end
	local signed = request.method .. hook.config.url .. request.body ..
		request.headers["x-hubspot-request-timestamp"]
	local wanted = hook.hmac("sha256", hook.config.client_secret, signed, "base64")
	if not hook.equal(wanted, request.headers["x-hubspot-signature-v3"]) then
		hook.deny("X-HubSpot-Signature-v3 is not ours")
	end
end

local function outcome_of(change, hook)
	local name, value = change.propertyName, tostring(change.propertyValue)
	local known = meanings[name]
	local said = hook.config[name .. "." .. value] or (known and known[value])
	if not said or said == "" then return end
	local stage = said:match("^stage:(.+)")
	return {
		outcome = stage and "stage" or said, value = stage,
		record = tostring(change.objectId),
		reason = "HubSpot: " .. name .. " is " .. value,
		time = change.occurredAt and hook.time(change.occurredAt),
		id = change.eventId and tostring(change.eventId) .. "." .. tostring(change.objectId),
	}
end

return {
	name = "hubspot_webhook",
	title = "HubSpot's webhooks",
	tested = "its documentation",
	needs = { "client_secret", "url" }, -- url: as HubSpot calls it, https://…/v1/in/CLIENT
	options = { ["lifecyclestage.*"] = "", ["hs_lead_status.*"] = "" },
	receive = function(request, hook)
		check(request, hook)
		local outcomes = {}
		for _, change in ipairs(request.json or {}) do
			if change.subscriptionType == "contact.propertyChange" and change.propertyName then
				outcomes[#outcomes + 1] = outcome_of(change, hook)
			end
		end
		return { outcomes = #outcomes > 0 and outcomes or nil }
	end,
}

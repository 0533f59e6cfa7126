-- hubspot.lua - HubSpot: a contact, made or found by its address in one call, and notes.
--
-- The URL is https://api.hubapi.com; the token that of a private app.  "score" may name a
-- number property of contacts.

local lib = require "lib"

local stages = {mql = "marketingqualifiedlead", sal = "salesqualifiedlead",
	sql = "salesqualifiedlead", customer = "customer"}

local function changing(crm, lead)
	local values = {hubspot_owner_id = lib.owner(crm, lead),
		lifecyclestage = lib.stage(crm, lead) or stages[lead.stage]}
	if crm.config.score ~= "" then values[crm.config.score] = tostring(lead.score) end
	return values
end

-- HubSpot's own upsert: it is there once, however often this is asked.
local function create(crm, lead)
	local values = changing(crm, lead)
	values.email, values.firstname, values.lastname = lead.email, lead.first_name, lead.last_name
	values.company, values.jobtitle, values.phone = lead.known_company, lead.title, lead.phone
	values.website = lead.website
	local answer = crm:post("/crm/v3/objects/contacts/batch/upsert", {inputs = {
		{id = lead.email, idProperty = "email", properties = values}}}, {accept = {409}}).json
	local made = (answer.results or {})[1]
	if made then return made.id end
	local problem = (answer.errors or {})[1] or answer
	return (problem.message or ""):sub(1, 1000):match("Existing ID: (%d+)") or crm.hold(problem.message)
end

local function update(crm, id, lead)
	local values = changing(crm, lead)
	if not next(values) then return end
	local answer = crm:patch("/crm/v3/objects/contacts/" .. id, {properties = values}, {accept = {404}})
	if answer.status == 404 then return lib.gone end
end

local function noted(crm, id, lead)
	local found = crm:post("/crm/v3/objects/notes/search", {
		filterGroups = {{filters = {{propertyName = "associations.contact", operator = "EQ",
			value = tostring(id)}}}},
		properties = {"hs_note_body"}, limit = 100,
		sorts = {{propertyName = "hs_timestamp", direction = "DESCENDING"}}}).json
	return lib.marked(found.results, "properties.hs_note_body", lead)
end

return {
	name = "hubspot", title = "HubSpot (contact, note)", tested = "its documentation",
	needs = {"token"}, options = {score = "", ["stage.*"] = "", ["owner.*"] = ""},
	deliver = lib.deliver{
		login = function(crm) crm.headers.Authorization = "Bearer " .. crm.config.token end,
		find = function() end, create = create, update = update, noted = noted,
		note = function(crm, id, lead)
			return crm:post("/crm/v3/objects/notes", {
				properties = {hs_timestamp = lead.time, hubspot_owner_id = lib.owner(crm, lead),
					hs_note_body = crm.text.cut(lib.html(crm, lead.note), 65000)},
				associations = {{to = {id = id}, types = {{
					associationCategory = "HUBSPOT_DEFINED", associationTypeId = 202}}}},
			}).json.id
		end,
	},
}

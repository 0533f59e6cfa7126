-- kommo.lua - Kommo (amoCRM): a contact with a lead, and notes on the lead.
--
-- The URL is https://COMPANY.kommo.com.  Nothing found is an empty answer (204).  The search is by
-- words: addresses are compared here.

local lib = require "lib"

local WON, LOST = 142, 143 -- in every pipeline

local function contact_of(crm, lead)
	local found = crm:get("/api/v4/contacts", {query = {query = lead.email, with = "leads",
		limit = "50"}}).json
	for _, contact in ipairs(found and found._embedded.contacts or {}) do
		for _, field in ipairs(contact.custom_fields_values or {}) do
			if field.field_code == "EMAIL" and crm.exact(field.values, "value", lead.email) then
				return contact
			end
		end
	end
end

local function find(crm, lead)
	local contact = contact_of(crm, lead)
	local leads = contact and contact._embedded.leads or {}
	for i = #leads, math.max(1, #leads - 4), -1 do
		local one = crm:get("/api/v4/leads/" .. leads[i].id).json
		if one and one.status_id ~= WON and one.status_id ~= LOST then return one.id end
	end
end

local function changing(crm, lead)
	return {responsible_user_id = lib.number(lib.owner(crm, lead)),
		status_id = lib.number(lib.stage(crm, lead))}
end

local function text_field(code, value)
	return {field_code = code, values = {{value = value, enum_code = "WORK"}}}
end

local function create(crm, lead)
	local known = contact_of(crm, lead)
	local contact = known and {id = known.id} or {name = lead.name, first_name = lead.first_name,
		last_name = lead.last_name, custom_fields_values = {text_field("EMAIL", lead.email)}}
	if not known and lead.phone then
		contact.custom_fields_values[2] = text_field("PHONE", lead.phone)
	end
	local values = changing(crm, lead)
	values.name, values._embedded = lead.subject, {contacts = {contact}}
	values.pipeline_id = lib.number(lib.first(crm.config.pipeline))
	if known then return crm:post("/api/v4/leads", {values}).json._embedded.leads[1].id end
	return crm:post("/api/v4/leads/complex", {values}).json[1].id
end

local function update(crm, id, lead)
	local values = changing(crm, lead)
	if not next(values) then return end
	if crm:patch("/api/v4/leads/" .. id, values, {accept = {404}}).status == 404 then
		return lib.gone
	end
end

return {
	name = "kommo", title = "Kommo, amoCRM (contact, lead, note)", tested = "its documentation",
	needs = {"token"}, options = {pipeline = "", ["stage.*"] = "", ["owner.*"] = ""},
	deliver = lib.deliver{
		login = function(crm) crm.headers.Authorization = "Bearer " .. crm.config.token end,
		find = find, create = create, update = update,
		noted = function(crm, id, lead)
			local notes = crm:get("/api/v4/leads/" .. id .. "/notes", {query = {limit = "100",
				["order[updated_at]"] = "desc"}}).json
			return notes and lib.marked(notes._embedded.notes, "params.text", lead)
		end,
		note = function(crm, id, lead)
			return crm:post("/api/v4/leads/" .. id .. "/notes",
				{{note_type = "common", params = {text = lead.note}}}).json._embedded.notes[1].id
		end,
	},
}

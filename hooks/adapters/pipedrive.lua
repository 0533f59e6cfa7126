-- pipedrive.lua - Pipedrive: a person, a lead in the inbox, and notes.
--
-- The URL is https://COMPANY.pipedrive.com.  Leads have no stages but labels: "stage.mql=" takes a
-- label's id.

local lib = require "lib"

local function person_of(crm, lead)
	local found = crm:get("/api/v2/persons/search", {query = {term = lead.email, fields = "email",
		exact_match = "true", limit = "20"}}).json.data
	local known = crm.exact(found and found.items, "item.emails", lead.email)
	return known and known.item.id
end

local function find(crm, lead)
	local person = person_of(crm, lead)
	if not person then return end
	local open = crm:get("/api/v1/leads", {query = {person_id = person, limit = "20",
		archived_status = "not_archived", sort = "add_time DESC"}}).json.data or {}
	return open[1] and open[1].id
end

local function changing(crm, lead)
	local label = lib.stage(crm, lead)
	return {owner_id = lib.number(lib.owner(crm, lead)), label_ids = label and {label}}
end

local function create(crm, lead)
	local person = crm:once("person", function() return person_of(crm, lead) end, function()
		return crm:post("/api/v2/persons", {
			name = lead.name, emails = {{value = lead.email, primary = true, label = "work"}},
			phones = lead.phone and {{value = lead.phone, primary = true, label = "work"}},
			owner_id = lib.number(lib.owner(crm, lead))}).json.data.id
	end)
	local values = changing(crm, lead)
	values.title, values.person_id = lead.subject, person
	return crm:post("/api/v1/leads", values).json.data.id
end

local function update(crm, id, lead)
	local values = changing(crm, lead)
	if not next(values) then return end
	if crm:patch("/api/v1/leads/" .. id, values, {accept = {404}}).status == 404 then
		return lib.gone
	end
end

return {
	name = "pipedrive", title = "Pipedrive (person, lead, note)", tested = "its documentation",
	needs = {"token"}, options = {["stage.*"] = "", ["owner.*"] = ""},
	deliver = lib.deliver{
		login = function(crm) crm.headers["x-api-token"] = crm.config.token end,
		find = find, create = create, update = update,
		noted = function(crm, id, lead)
			return lib.marked(crm:get("/api/v1/notes", {query = {lead_id = id, limit = "100",
				sort = "add_time DESC"}}).json.data, "content", lead)
		end,
		note = function(crm, id, lead)
			return crm:post("/api/v1/notes", {lead_id = id, content = lib.html(crm, lead.note)}).json.data.id
		end,
	},
}

-- suitecrm.lua - SuiteCRM by its V8 API (JSON:API): a lead with notes.
--
-- The URL is what stands before /Api: https://crm.example.com, of SuiteCRM 8
-- https://crm.example.com/legacy.  client and secret are those of an OAuth2 client with the
-- grant "client credentials".

local lib = require "lib"

local json_api = {["Content-Type"] = "application/vnd.api+json", Accept = "application/vnd.api+json"}

local function login(crm)
	local token = crm:login(function()
		local answer = crm:post("/Api/access_token", {grant_type = "client_credentials",
			client_id = crm.config.client, client_secret = crm.config.secret}).json
		return {token = answer.access_token, expires = answer.expires_in}
	end)
	crm.headers.Authorization = "Bearer " .. token.token
end

local function reference(lead)
	return "leadmilter " .. lead.id
end

-- The address isn't a column of the lead: some versions can't filter by it and say 400.
local function search(crm, module, field, value, fields)
	local answer = crm:get("/Api/V8/module/" .. module, {accept = {400}, headers = json_api, query = {
		{"fields[" .. module .. "]", fields}, {"filter[operator]", "and"},
		{"filter[" .. field .. "][eq]", value}, {"page[size]", "20"}}})
	return answer.status == 200 and answer.json.data or {}
end

local function find(crm, lead)
	local mine = crm.exact(search(crm, "Leads", "refered_by", reference(lead), "refered_by"),
		"attributes.refered_by", reference(lead)) or
		crm.exact(search(crm, "Leads", "email1", lead.email, "email1"), "attributes.email1", lead.email)
	return mine and mine.id
end

local function changing(crm, lead)
	return {assigned_user_id = lib.owner(crm, lead), status = lib.stage(crm, lead),
		status_description = lead.rating}
end

local function save(crm, method, data, accept)
	return crm[method](crm, "/Api/V8/module", {data = data}, {headers = json_api, accept = accept})
end

local function create(crm, lead)
	local values = changing(crm, lead)
	values.first_name, values.last_name, values.email1 = lead.first_name, lead.last_name, lead.email
	values.account_name, values.title, values.phone_work = lead.known_company, lead.title, lead.phone
	values.website, values.lead_source = lead.website, lib.first(crm.config.source)
	values.description, values.refered_by = lead.subject, reference(lead)
	return save(crm, "post", {type = "Leads", attributes = values}).json.data.id
end

local function update(crm, id, lead)
	local answer = save(crm, "patch", {type = "Leads", id = id, attributes = changing(crm, lead)}, {404})
	if answer.status == 404 then return lib.gone end
end

return {
	name = "suitecrm", title = "SuiteCRM V8 (lead, note)", tested = "its documentation",
	needs = {"client", "secret"},
	options = {source = "Email", ["stage.*"] = "", ["owner.*"] = ""},
	deliver = lib.deliver{
		login = login, find = find, create = create, update = update,
		noted = function(crm, id, lead)
			return lib.marked(search(crm, "Notes", "parent_id", id, "name,description"),
				"attributes.description", lead)
		end,
		note = function(crm, id, lead)
			return save(crm, "post", {type = "Notes", attributes = {name = lead.subject,
				description = lead.note, parent_type = "Leads", parent_id = id}}).json.data.id
		end,
	},
}

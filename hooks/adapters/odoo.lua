-- odoo.lua - Odoo: crm.lead and its messages, by JSON-RPC (to version 18) or JSON-2 (from 19).
--
-- Settings: database and key (an API key); for JSON-RPC also user, the login name.  "protocol=json2"
-- takes the newer one.  JSON-RPC answers every error with HTTP 200.

local lib = require "lib"

local function rpc(crm, service, method, args)
	local answer = crm:post("/jsonrpc", {jsonrpc = "2.0", id = 1, method = "call",
		params = {service = service, method = method, args = args}}).json
	local problem = answer.error
	if not problem then return answer.result end
	local data = problem.data or {}
	local name = data.name or ""
	if name:find("AccessDenied", 1, true) then crm.reauth(data.message) end
	if name:find("MissingError", 1, true) then return lib.gone end
	if name:find("OperationalError", 1, true) then crm.retry(data.message) end
	crm.hold(data.message or problem.message)
end

-- A method of a model with named arguments, on records where ids are given.
local function call(crm, model, method, named, ids)
	if crm.config.protocol == "json2" then
		named.ids = ids
		local answer = crm:post("/json/2/" .. model .. "/" .. method, named, {accept = {404}})
		return answer.status == 404 and lib.gone or answer.json
	end
	local uid = crm:login(function()
		return rpc(crm, "common", "authenticate", {crm.config.database, crm.config.user,
			crm.config.key, {}}) or crm.reauth("Odoo knows no such user and key")
	end)
	return rpc(crm, "object", "execute_kw", {crm.config.database, uid, crm.config.key, model,
		method, crm.array{ids}, named})
end

local function login(crm)
	if crm.config.protocol ~= "json2" then return end
	crm.headers.Authorization = "bearer " .. crm.config.key
	crm.headers["X-Odoo-Database"] = crm.config.database
end

local function reference(lead)
	return "leadmilter " .. lead.id
end

local function find(crm, lead)
	local found = call(crm, "crm.lead", "search_read", {
		domain = {"|", {"referred", "=", reference(lead)}, "&",
			{"email_normalized", "=", lead.email:lower()}, {"stage_id.is_won", "=", false}},
		fields = {"referred", "email_normalized"}, order = "id desc", limit = 20})
	local mine = crm.exact(found, "referred", reference(lead)) or
		crm.exact(found, "email_normalized", lead.email)
	return mine and mine.id
end

local function changing(crm, lead)
	return {user_id = lib.number(lib.owner(crm, lead)), stage_id = lib.number(lib.stage(crm, lead)),
		description = lib.html(crm, lead.rating)}
end

local function create(crm, lead)
	local values = changing(crm, lead)
	values.name, values.email_from, values.contact_name = lead.subject, lead.email, lead.name
	values.partner_name, values.phone, values["function"] = lead.known_company, lead.phone, lead.title
	values.website, values.referred = lead.website, reference(lead)
	values.type, values.team_id = crm.config.type, lib.number(lib.first(crm.config.team))
	return call(crm, "crm.lead", "create", {vals_list = {values}})[1]
end

local function noted(crm, id, lead)
	return lib.marked(call(crm, "mail.message", "search_read", {
		domain = {{"model", "=", "crm.lead"}, {"res_id", "=", id},
			{"body", "ilike", crm.escape.ilike(lead.marker)}}, fields = {"body"}, limit = 20}),
		"body", lead)
end

return {
	name = "odoo", title = "Odoo (lead, message)", tested = "its documentation",
	needs = {"database", "key"},
	options = {protocol = "jsonrpc", user = "", type = "lead", team = "", html = "no",
		["stage.*"] = "", ["owner.*"] = ""},
	deliver = lib.deliver{
		login = login, find = find, create = create, noted = noted,
		update = function(crm, id, lead)
			return call(crm, "crm.lead", "write", {vals = changing(crm, lead)}, {id})
		end,
		note = function(crm, id, lead)
			local html = crm.config.html == "yes" -- understood from version 17 on
			return call(crm, "crm.lead", "message_post", {
				body = html and lib.html(crm, lead.note) or lead.note,
				body_is_html = html or nil, message_type = "comment"}, {id})
		end,
	},
}

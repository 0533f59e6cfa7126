-- zoho.lua - Zoho CRM: a lead, made or found by its address in one call, and notes.
--
-- The URL is that of the data centre (https://www.zohoapis.eu), "accounts" that of its accounts
-- server.  A record's fate stands in the body: an error may come with HTTP 200.

local lib = require "lib"

local function login(crm)
	local token = crm:login(function()
		local answer = crm:post(crm.config.accounts .. "/oauth/v2/token", {
			grant_type = "refresh_token", refresh_token = crm.config.refresh_token,
			client_id = crm.config.client, client_secret = crm.config.secret}, {form = true}).json
		if not answer.access_token then crm.reauth("Zoho: " .. (answer.error or "no token")) end
		return {token = answer.access_token, expires = answer.expires_in}
	end)
	crm.headers.Authorization = "Zoho-oauthtoken " .. token.token
end

-- The first record's fate: its id, lib.gone, or the end.
local function fate(crm, answer)
	local record = ((answer.json or {}).data or {})[1] or answer.json or {}
	local details = record.details or {}
	if record.status == "success" then return details.id end
	if record.code == "DUPLICATE_DATA" then
		return details.id or (details.duplicate_record or {}).id or crm.hold("a duplicate without an id")
	end
	if record.code == "INVALID_DATA" and details.api_name == "id" then return lib.gone end
	crm.hold((record.code or "no code") .. ": " .. (record.message or ""))
end

local function changing(crm, lead)
	return {Owner = lib.owner(crm, lead) and {id = lib.owner(crm, lead)},
		Lead_Status = lib.stage(crm, lead), Description = lead.rating}
end

local function create(crm, lead)
	local values = changing(crm, lead)
	values.First_Name, values.Last_Name, values.Email = lead.first_name, lead.last_name, lead.email
	values.Company, values.Designation, values.Phone = lead.company, lead.title, lead.phone
	values.Website, values.Lead_Source = lead.website, lib.first(crm.config.source)
	return fate(crm, crm:post("/crm/v8/Leads/upsert", {data = {values},
		duplicate_check_fields = {"Email"}, trigger = crm.array{}}, {accept = {400}}))
end

local function update(crm, id, lead)
	return fate(crm, crm:put("/crm/v8/Leads/" .. id, {data = {changing(crm, lead)},
		trigger = crm.array{}}, {accept = {400}}))
end

local function noted(crm, id, lead)
	local notes = crm:get("/crm/v8/Leads/" .. id .. "/Notes", {query = {
		fields = "Note_Title,Note_Content", per_page = "100"}}).json -- nothing (204) when none
	return notes and lib.marked(notes.data, "Note_Content", lead)
end

return {
	name = "zoho", title = "Zoho CRM (lead, note)", tested = "its documentation",
	needs = {"client", "secret", "refresh_token"},
	options = {accounts = "https://accounts.zoho.com", source = "", ["stage.*"] = "", ["owner.*"] = ""},
	deliver = lib.deliver{
		login = login, find = function() end, create = create, update = update, noted = noted,
		note = function(crm, id, lead)
			return fate(crm, crm:post("/crm/v8/Leads/" .. id .. "/Notes", {data = {{
				Note_Title = crm.text.cut(lead.subject, 120), Note_Content = lead.note}}}))
		end,
	},
}

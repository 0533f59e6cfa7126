-- salesforce.lua - Salesforce: a Lead and finished tasks on it.
--
-- The URL is that of "My Domain"; client and secret those of a connected app with the client
-- credentials flow.  "field" names an external-id field of Lead (text, unique) that then makes
-- creation safe to repeat; without it leads are found by their address alone.

local lib = require "lib"

local function api(crm, path)
	return "/services/data/" .. crm.config.version .. path
end

-- What an error says by its code rather than by its status.
local function judge(crm, answer)
	local problem = answer.status >= 400 and (answer.json or {})[1]
	if not problem then return answer end
	if problem.errorCode == "REQUEST_LIMIT_EXCEEDED" then crm.retry(problem.message, 3600) end
	if problem.errorCode == "UNABLE_TO_LOCK_ROW" then crm.retry(problem.message, 5) end
	if problem.errorCode == "CANNOT_UPDATE_CONVERTED_LEAD" or answer.status == 404 then return lib.gone end
	for _, match in ipairs((problem.duplicateResult or {}).matchResults or {}) do
		if match.entityType == "Lead" and match.matchRecords[1] then
			return {json = {id = match.matchRecords[1].record.Id}}
		end
	end
	crm.hold(problem.errorCode .. ": " .. (problem.message or ""))
end

local function query(crm, soql)
	return judge(crm, crm:get(api(crm, "/query"), {query = {q = soql}, accept = {400, 403}})).json.records
end

local function login(crm)
	local token = crm:login(function()
		return {token = crm:post("/services/oauth2/token", {grant_type = "client_credentials",
			client_id = crm.config.client, client_secret = crm.config.secret}, {form = true})
			.json.access_token}
	end)
	crm.headers.Authorization = "Bearer " .. token.token
end

local function find(crm, lead)
	local mine = crm.exact(query(crm, "SELECT Id, Email FROM Lead WHERE Email = '" ..
		crm.escape.soql(lead.email) .. "' AND IsConverted = false ORDER BY CreatedDate DESC LIMIT 20"),
		"Email", lead.email)
	return mine and mine.Id
end

local function changing(crm, lead)
	return {OwnerId = lib.owner(crm, lead), Status = lib.stage(crm, lead),
		Rating = ({hot = "Hot", warm = "Warm", cold = "Cold"})[lead.temperature]}
end

local function create(crm, lead)
	local values, accept = changing(crm, lead), {accept = {400, 403}}
	values.FirstName, values.LastName = lead.first_name, lead.last_name
	values.Email, values.Company = lead.email, lead.company
	values.Title, values.Phone, values.Website = lead.title, lead.phone, lead.website
	values.LeadSource, values.Description = crm.config.source, lead.subject
	local answer
	if crm.config.field ~= "" then
		answer = crm:patch(api(crm, "/sobjects/Lead/" .. crm.config.field .. "/" ..
			crm.escape.uri(lead.id)), values, accept)
	else
		answer = crm:post(api(crm, "/sobjects/Lead"), values, accept)
	end
	local said = judge(crm, answer)
	return said.json and said.json.id or find(crm, lead) -- an update answers without an id
end

local function update(crm, id, lead)
	local answer = crm:patch(api(crm, "/sobjects/Lead/" .. id), changing(crm, lead),
		{accept = {400, 403, 404}})
	if judge(crm, answer) == lib.gone then return lib.gone end
end

return {
	name = "salesforce", title = "Salesforce (lead, task)", tested = "its documentation",
	needs = {"client", "secret"},
	options = {version = "v60.0", field = "", source = "Email", ["stage.*"] = "", ["owner.*"] = ""},
	deliver = lib.deliver{
		login = login, find = find, create = create, update = update,
		noted = function(crm, id, lead) -- a description can't be filtered by
			return lib.marked(query(crm, "SELECT Id, Description FROM Task WHERE WhoId = '" ..
				crm.escape.soql(id) .. "' ORDER BY CreatedDate DESC LIMIT 100"), "Description", lead)
		end,
		note = function(crm, id, lead)
			return judge(crm, crm:post(api(crm, "/sobjects/Task"), {WhoId = id, Status = "Completed",
				Subject = crm.text.cut(lead.subject, 255), Description = lead.note},
				{accept = {400, 403}})).json.id
		end,
	},
}

-- espocrm.lua - EspoCRM: a Lead and posts in its stream.  The key is an API user's.

local lib = require "lib"

local function find(crm, lead)
	local found = crm:get("/api/v1/Lead", {query = {
		{"where[0][type]", "equals"}, {"where[0][attribute]", "emailAddress"},
		{"where[0][value]", lead.email}, {"select", "id,emailAddress,status"},
		{"orderBy", "createdAt"}, {"order", "desc"}, {"maxSize", "20"}}}).json
	local mine = crm.exact(found.list, "emailAddress", lead.email)
	return mine and mine.id
end

local function changing(crm, lead)
	return {assignedUserId = lib.owner(crm, lead), status = lib.stage(crm, lead),
		description = lead.rating}
end

-- A duplicate is answered by 409 and the records that are there.
local function create(crm, lead)
	local values = changing(crm, lead)
	values.firstName, values.lastName, values.emailAddress = lead.first_name, lead.last_name, lead.email
	values.accountName, values.title, values.phoneNumber = lead.known_company, lead.title, lead.phone
	values.website, values.source = lead.website, lib.first(crm.config.source)
	local answer = crm:post("/api/v1/Lead", values, {accept = {409}})
	if answer.status == 409 then
		local there = crm.exact(answer.json, "emailAddress", lead.email) or answer.json[1]
		return there and there.id or crm.hold("a duplicate, but EspoCRM doesn't say of what")
	end
	return answer.json.id
end

local function update(crm, id, lead)
	if crm:put("/api/v1/Lead/" .. id, changing(crm, lead), {accept = {404}}).status == 404 then
		return lib.gone
	end
end

local function noted(crm, id, lead)
	return lib.marked(crm:get("/api/v1/Lead/" .. id .. "/stream", {query = {filter = "posts",
		maxSize = "100"}}).json.list, "post", lead)
end

return {
	name = "espocrm", title = "EspoCRM (lead, post)", tested = "its documentation",
	needs = {"key"}, options = {source = "Email", ["stage.*"] = "", ["owner.*"] = ""},
	deliver = lib.deliver{
		login = function(crm) crm.headers["X-Api-Key"] = crm.config.key end,
		find = find, create = create, update = update, noted = noted,
		note = function(crm, id, lead)
			return crm:post("/api/v1/Note",
				{type = "Post", parentType = "Lead", parentId = id, post = lead.note}).json.id
		end,
	},
}

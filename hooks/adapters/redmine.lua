-- redmine.lua - Redmine: an issue per lead, mails as notes.
--
-- "field" is the number of an issue custom field (text, used as a filter) for the address.

local lib = require "lib"

local function find(crm, lead)
	local open = crm:get("/issues.json", {query = {project_id = crm.config.project,
		status_id = "open", ["cf_" .. crm.config.field] = lead.email, sort = "id:desc",
		limit = "20"}}).json.issues
	for _, issue in ipairs(open) do
		local field = crm.exact(issue.custom_fields, "id", crm.config.field)
		if field and crm.exact({field}, "value", lead.email) then return issue.id end
	end
end

local function changing(crm, lead)
	return {assigned_to_id = lib.number(lib.owner(crm, lead)),
		status_id = lib.number(lib.stage(crm, lead))}
end

local function create(crm, lead)
	local values = changing(crm, lead)
	values.project_id, values.subject, values.description = crm.config.project, lead.subject, lead.rating
	values.tracker_id = lib.number(lib.first(crm.config.tracker))
	values.custom_fields = {{id = lib.number(crm.config.field), value = lead.email}}
	return crm:post("/issues.json", {issue = values}).json.issue.id
end

-- Redmine answers a change with 204 and nothing.
local function change(crm, id, values)
	return crm:put("/issues/" .. id .. ".json", {issue = values}, {accept = {404}}).status ~= 404
end

return {
	name = "redmine", title = "Redmine (issue, note)", tested = "its documentation",
	needs = {"key", "project", "field"}, options = {tracker = "", ["stage.*"] = "", ["owner.*"] = ""},
	deliver = lib.deliver{
		login = function(crm) crm.headers["X-Redmine-API-Key"] = crm.config.key end,
		find = find, create = create,
		update = function(crm, id, lead)
			local values = changing(crm, lead)
			if next(values) and not change(crm, id, values) then return lib.gone end
		end,
		noted = function(crm, id, lead)
			return lib.marked(crm:get("/issues/" .. id .. ".json", {query = {include = "journals"}})
				.json.issue.journals, "notes", lead)
		end,
		note = function(crm, id, lead)
			return change(crm, id, {notes = lead.note}) or crm.hold("the issue is gone")
		end,
	},
}

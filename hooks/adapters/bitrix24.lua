-- bitrix24.lua - Bitrix24: a lead and comments in its timeline.
--
-- The URL is that of an incoming webhook with its secret, https://COMPANY.bitrix24.com/rest/1/…;
-- let it stand in a file: url = "file:/etc/leadmilter/bitrix24.url".  Fields Bitrix24 doesn't
-- know are ignored by it without a word.

local lib = require "lib"

local LEAD = 1 -- entityTypeId

local function call(crm, method, values, accept)
	local answer = crm:post("/" .. method .. ".json", values, {accept = accept})
	local problem = answer.json and answer.json.error
	if not problem then return answer.json.result end
	if problem == "NOT_FOUND" then return lib.gone end
	if problem == "QUERY_LIMIT_EXCEEDED" or problem == "OPERATION_TIME_LIMIT" then
		crm.retry(problem)
	end
	crm.hold(problem .. ": " .. (answer.json.error_description or ""))
end

-- It compares whole addresses; of those found the newest that is still open.
local function find(crm, lead)
	local ids = call(crm, "crm.duplicate.findbycomm",
		{entity_type = "LEAD", type = "EMAIL", values = {lead.email}}).LEAD
	if not ids or #ids == 0 then return end
	local open = call(crm, "crm.item.list", {entityTypeId = LEAD, select = {"id", "stageId"},
		filter = {["@id"] = ids, ["!@stageSemanticId"] = {"S", "F"}}, order = {id = "DESC"}}).items
	return open[1] and open[1].id
end

local function changing(crm, lead)
	return {assignedById = lib.number(lib.owner(crm, lead)), stageId = lib.stage(crm, lead),
		comments = lib.html(crm, lead.rating)}
end

local function create(crm, lead)
	local values = changing(crm, lead)
	values.title, values.name, values.lastName = lead.subject, lead.first_name, lead.last_name
	values.companyTitle, values.post = lead.known_company, lead.title
	values.sourceId, values.originatorId, values.originId = crm.config.source, "leadmilter", lead.id
	values.fm = {{typeId = "EMAIL", valueType = "WORK", value = lead.email}}
	if lead.phone then values.fm[2] = {typeId = "PHONE", valueType = "WORK", value = lead.phone} end
	return call(crm, "crm.item.add", {entityTypeId = LEAD, fields = values}).item.id
end

return {
	name = "bitrix24", title = "Bitrix24 (lead, comment)", tested = "its documentation",
	needs = {}, options = {source = "EMAIL", ["stage.*"] = "", ["owner.*"] = ""},
	deliver = lib.deliver{
		find = find, create = create,
		update = function(crm, id, lead)
			return call(crm, "crm.item.update",
				{entityTypeId = LEAD, id = id, fields = changing(crm, lead)}, {400, 404})
		end,
		noted = function(crm, id, lead)
			return lib.marked(call(crm, "crm.timeline.comment.list", {order = {ID = "DESC"},
				filter = {ENTITY_ID = id, ENTITY_TYPE = "lead"}, select = {"ID", "COMMENT"}}),
				"COMMENT", lead)
		end,
		note = function(crm, id, lead)
			return call(crm, "crm.timeline.comment.add",
				{fields = {ENTITY_ID = id, ENTITY_TYPE = "lead", COMMENT = lead.note}})
		end,
	},
}

-- twenty.lua - Twenty: a person, an opportunity of theirs, and notes on it.
--
-- A note and its place are two writes, so the note's title holds the mark it is found by.

local lib = require "lib"

local function quoted(text)
	return '"' .. text:gsub('["\\]', "") .. '"'
end

local function search(crm, what, field, value, like)
	return crm:get("/rest/" .. what, {query = {
		filter = field .. (like and "[like]:" or "[eq]:") .. quoted(value), limit = "20", depth = "1"}}).json.data[what]
end

local function person_of(crm, lead)
	local known = crm.exact(search(crm, "people", "emails.primaryEmail", lead.email),
		"emails.primaryEmail", lead.email)
	return known and known.id
end

local function find(crm, lead)
	local person = person_of(crm, lead)
	if not person then return end
	for _, deal in ipairs(search(crm, "opportunities", "pointOfContactId", person)) do
		if deal.stage ~= crm.config.closed then return deal.id end
	end
end

local function person(crm, lead)
	local answer = crm:post("/rest/people", {
		name = {firstName = lead.first_name or "", lastName = lead.last_name},
		emails = {primaryEmail = lead.email}, jobTitle = lead.title,
		phones = lead.phone and {primaryPhoneNumber = lead.phone},
	}, {accept = {400}})
	if answer.status == 400 then -- a duplicate, of a moment ago
		return person_of(crm, lead) or crm.hold("Twenty takes no such person")
	end
	return answer.json.data.createPerson.id
end

local function changing(crm, lead)
	return {stage = lib.stage(crm, lead), ownerId = lib.owner(crm, lead)}
end

local function create(crm, lead)
	local values = changing(crm, lead)
	values.name = lead.subject
	values.pointOfContactId = crm:once("person", function() return person_of(crm, lead) end,
		function() return person(crm, lead) end)
	return crm:post("/rest/opportunities", values).json.data.createOpportunity.id
end

local function update(crm, id, lead)
	local values = changing(crm, lead)
	if not next(values) then return end
	if crm:patch("/rest/opportunities/" .. id, values, {accept = {404}}).status == 404 then
		return lib.gone
	end
end

local function title(lead)
	return lead.subject .. " [" .. lead.marker .. "]"
end

return {
	name = "twenty", title = "Twenty (person, opportunity, note)", tested = "its documentation",
	needs = {"key"},
	options = {closed = "CUSTOMER", target = "opportunityId", ["stage.*"] = "", ["owner.*"] = ""},
	deliver = lib.deliver{
		login = function(crm) crm.headers.Authorization = "Bearer " .. crm.config.key end,
		find = find, create = create, update = update,
		noted = function(crm, id, lead)
			return lib.marked(search(crm, "noteTargets", crm.config.target, id), "note.title", lead)
		end,
		note = function(crm, id, lead)
			local note = crm:once("note text", function()
				local mark = "%[" .. lead.marker .. "]%"
				local there = lib.marked(search(crm, "notes", "title", mark, true), "title", lead)
				return there and there.id
			end, function()
				return crm:post("/rest/notes", {title = title(lead),
					bodyV2 = {markdown = lead.note}}).json.data.createNote.id
			end)
			return crm:post("/rest/noteTargets", {noteId = note, [crm.config.target] = id})
				.json.data.createNoteTarget.id
		end,
	},
}

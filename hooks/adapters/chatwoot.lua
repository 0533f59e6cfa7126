-- chatwoot.lua - Chatwoot: a contact, a conversation in one inbox, mails as private notes in it.

local lib = require "lib"

local function at(crm, path)
	return "/api/v1/accounts/" .. crm.config.account .. path
end

-- The search looks for parts in name, address and phone: compare exactly.
local function contact_of(crm, lead)
	return crm.exact(crm:get(at(crm, "/contacts/search"), {query = {q = lead.email}}).json.payload,
		"email", lead.email)
end

local function find(crm, lead)
	local contact = contact_of(crm, lead)
	if not contact then return end
	for _, talk in ipairs(crm:get(at(crm, "/contacts/" .. contact.id .. "/conversations")).json.payload) do
		if talk.status ~= "resolved" and tostring(talk.inbox_id) == crm.config.inbox then
			return talk.id
		end
	end
end

local function new_contact(crm, lead)
	local answer = crm:post(at(crm, "/contacts"), {name = lead.name, email = lead.email,
		phone_number = lead.phone, inbox_id = lib.number(crm.config.inbox)}, {accept = {422}})
	if answer.status == 422 then -- the address is taken, since a moment ago
		local there = contact_of(crm, lead) or crm.hold("Chatwoot takes no such contact")
		return there.id
	end
	return answer.json.payload.contact.id
end

local function attributes(lead)
	return {lead = lead.id, stage = lead.stage, score = lead.score, grade = lead.grade}
end

local function create(crm, lead)
	local contact = crm:once("contact", function()
		local there = contact_of(crm, lead)
		return there and there.id
	end, function() return new_contact(crm, lead) end)
	return crm:post(at(crm, "/conversations"), {inbox_id = lib.number(crm.config.inbox),
		contact_id = contact, assignee_id = lib.number(lib.owner(crm, lead)),
		status = lib.stage(crm, lead), custom_attributes = attributes(lead)}).json.id
end

local function update(crm, id, lead)
	local talk = at(crm, "/conversations/" .. id)
	if crm:post(talk .. "/custom_attributes", {custom_attributes = attributes(lead)},
		{accept = {404}}).status == 404 then return lib.gone end
	local owner, status = lib.owner(crm, lead), lib.stage(crm, lead)
	if owner then crm:post(talk .. "/assignments", {assignee_id = lib.number(owner)}) end
	if status then crm:post(talk .. "/toggle_status", {status = status}) end
end

return {
	name = "chatwoot", title = "Chatwoot (contact, conversation, private note)",
	tested = "its documentation",
	needs = {"token", "account", "inbox"}, options = {["stage.*"] = "", ["owner.*"] = ""},
	deliver = lib.deliver{
		login = function(crm) crm.headers["api-access-token"] = crm.config.token end,
		find = find, create = create, update = update,
		noted = function(crm, id, lead)
			return lib.marked(crm:get(at(crm, "/conversations/" .. id .. "/messages")).json.payload,
				"content", lead)
		end,
		note = function(crm, id, lead)
			return crm:post(at(crm, "/conversations/" .. id .. "/messages"),
				{content = lead.note, private = true, message_type = "outgoing"}).json.id
		end,
	},
}

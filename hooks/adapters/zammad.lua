-- zammad.lua - Zammad: a ticket per lead, mails as internal notes.
--
-- The token needs ticket.agent (and admin.user to make new customers).

local lib = require "lib"

local function find(crm, lead)
	local quoted = lead.email:gsub('["\\]', "")
	local found = crm:get("/api/v1/tickets/search", {query = {expand = "true", limit = "20",
		sort_by = "created_at", order_by = "desc",
		query = 'customer.email:"' .. quoted .. '" AND group.name:"' .. crm.config.group ..
			'" AND NOT state.name:closed AND NOT state.name:merged'}}).json
	local mine = crm.exact(found, "customer", lead.email)
	return mine and mine.id
end

local function changing(crm, lead)
	return {owner_id = lib.number(lib.owner(crm, lead)), state = lib.stage(crm, lead)}
end

local function note_of(lead, text)
	return {subject = lead.subject, body = text, content_type = "text/plain", type = "note",
		internal = true}
end

local function create(crm, lead)
	local values = changing(crm, lead)
	values.title, values.group = lead.subject, crm.config.group
	values.customer_id = "guess:" .. lead.email -- found by the address, or made
	values.article = note_of(lead, lead.rating)
	return crm:post("/api/v1/tickets", values).json.id
end

local function update(crm, id, lead)
	local values = changing(crm, lead)
	if not next(values) then return end
	if crm:put("/api/v1/tickets/" .. id, values, {accept = {404}}).status == 404 then
		return lib.gone
	end
end

return {
	name = "zammad", title = "Zammad (ticket, internal note)", tested = "its documentation",
	needs = {"token", "group"}, options = {["stage.*"] = "", ["owner.*"] = ""},
	deliver = lib.deliver{
		login = function(crm) crm.headers.Authorization = "Token token=" .. crm.config.token end,
		find = find, create = create, update = update,
		noted = function(crm, id, lead)
			return lib.marked(crm:get("/api/v1/ticket_articles/by_ticket/" .. id).json, "body", lead)
		end,
		note = function(crm, id, lead)
			local values = note_of(lead, lead.note)
			values.ticket_id = id
			return crm:post("/api/v1/ticket_articles", values).json.id
		end,
	},
}

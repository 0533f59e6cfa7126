-- rt.lua - Request Tracker 5: a ticket per lead in one queue, mails as comments.
--
-- The URL is RT's own: https://rt.example.com.  The ticket is known again by a custom field of
-- the queue (setting "field"), notes by their text.

local lib = require "lib"

local function tickets(crm, query)
	return crm:get("/REST/2.0/tickets", {query = {query = query, orderby = "id", order = "DESC",
		fields = "Requestor,CustomFields", ["fields[Requestor]"] = "EmailAddress",
		per_page = "20"}}).json.items
end

local function quoted(crm, text)
	return "'" .. crm.escape.ticketsql(text) .. "'"
end

local function find(crm, lead)
	local queue = "Queue = " .. quoted(crm, crm.config.queue)
	local mine = tickets(crm, queue .. " AND 'CF.{" .. crm.config.field .. "}' = " ..
		quoted(crm, lead.id))
	if mine[1] then return mine[1].id end
	local open = tickets(crm, queue .. " AND Status = '__Active__' AND Requestor.EmailAddress = " ..
		quoted(crm, lead.email))
	local same = crm.exact(open, "Requestor.EmailAddress", lead.email)
	for _, ticket in ipairs(open) do
		same = same or (crm.exact(ticket.Requestor, "EmailAddress", lead.email) and ticket)
	end
	return same and same.id
end

local function create(crm, lead)
	return crm:post("/REST/2.0/ticket", {
		Queue = crm.config.queue, Subject = lead.subject, Requestor = {lead.email},
		Owner = lib.owner(crm, lead), Status = lib.stage(crm, lead),
		Content = lead.rating, ContentType = "text/plain",
		CustomFields = {[crm.config.field] = lead.id},
	}).json.id
end

local function update(crm, id, lead)
	local changes = {Owner = lib.owner(crm, lead), Status = lib.stage(crm, lead)}
	if not next(changes) then return end
	if crm:put("/REST/2.0/ticket/" .. id, changes, {accept = {404}}).status == 404 then
		return lib.gone
	end
end

local function noted(crm, id, lead)
	local history = crm:get("/REST/2.0/ticket/" .. id .. "/history", {query = {
		fields = "Type,Data,Content", per_page = "100"}}).json
	for _, entry in ipairs(history.items or {}) do
		if entry.Type == "Comment" then
			local told = crm:get("/REST/2.0/transaction/" .. entry.id .. "/attachments",
				{query = {fields = "Content"}}).json
			if lib.marked(told.items, "Content", lead) then return entry.id end
		end
	end
end

return {
	name = "rt", title = "Request Tracker 5 (ticket, comment)", tested = "a real system",
	needs = {"token", "queue"},
	options = {field = "Lead", ["owner.*"] = "", ["stage.*"] = ""},
	deliver = lib.deliver{
		login = function(crm) crm.headers.Authorization = "token " .. crm.config.token end,
		find = find, create = create, update = update, noted = noted,
		note = function(crm, id, lead)
			return crm:post("/REST/2.0/ticket/" .. id .. "/comment",
				{Content = lead.note, ContentType = "text/plain"}).status == 201
		end,
	},
}

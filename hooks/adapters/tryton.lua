-- tryton.lua - Tryton: a party and an opportunity per lead, notes on the opportunity.
--
-- The URL is that of the database: https://tryton.example.com/crm/ (Tryton 6.0 to 7.x; 8.0 puts
-- /rpc behind it).  Requests carry no "id": with one, every error would be an HTTP 200.
-- A wrong password locks the account for minutes, so it is tried once.

local lib = require "lib"

local function call(crm, method, ...)
	return crm:post("/", {method = method, params = crm.array{...}}).json
end

-- An opportunity that isn't there may not be written to, says Tryton, as with any other.
local function write(crm, id, values, context)
	return crm:post("/", {method = "model.sale.opportunity.write",
		params = {{id}, values, context}}, {accept = {400}})
end

local function context(crm)
	return {company = lib.number(crm.config.company)}
end

-- A case-insensitive search that takes the text as it is.
local function search(crm, model, domain, fields)
	return call(crm, "model." .. model .. ".search_read", domain, 0, 20,
		crm.array{crm.array{"id", "DESC"}}, fields, context(crm))
end

local function login(crm)
	local session = crm:login(function()
		return call(crm, "common.db.login", crm.config.user, {password = crm.config.password})
	end)
	crm.headers.Authorization = "Session " ..
		crm.base64(crm.config.user .. ":" .. session[1] .. ":" .. session[2])
end

local function reference(lead)
	return "leadmilter " .. lead.id
end

local function find(crm, lead)
	local mine = crm.exact(search(crm, "sale.opportunity",
		{{"reference", "=", reference(lead)}}, {"reference"}), "reference", reference(lead))
	if mine then return mine.id end
	local open = search(crm, "sale.opportunity", {
		{"party.contact_mechanisms.value", "ilike", crm.escape.ilike(lead.email)},
		{"state", "in", {"lead", "opportunity"}},
	}, {"party"})
	return open[1] and open[1].id
end

local function party(crm, lead)
	local known = crm.exact(search(crm, "party.contact_mechanism", {
		{"type", "=", "email"}, {"value", "ilike", crm.escape.ilike(lead.email)},
	}, {"party", "value"}), "value", lead.email)
	if known then return known.party end
	local ways = {{type = "email", value = lead.email}}
	if lead.phone then ways[2] = {type = "phone", value = lead.phone} end
	return call(crm, "model.party.party.create",
		{{name = lead.name, contact_mechanisms = {{"create", ways}}}}, context(crm))[1]
end

local function create(crm, lead)
	local who = crm:once("party", nil, function() return party(crm, lead) end)
	return call(crm, "model.sale.opportunity.create", {{
		party = who, company = lib.number(crm.config.company), description = lead.subject,
		reference = reference(lead), comment = lead.rating,
		employee = lib.number(lib.owner(crm, lead)),
	}}, context(crm))[1]
end

local function update(crm, id, lead)
	local values = {comment = lead.rating, employee = lib.number(lib.owner(crm, lead))}
	local answer = write(crm, id, values, context(crm))
	if answer.status ~= 400 then return end
	if #search(crm, "sale.opportunity", {{"id", "=", id}}, {"id"}) == 0 then return lib.gone end
	crm.hold("Tryton doesn't let us write to opportunity " .. id)
end

local function notes(crm, id, lead)
	return search(crm, "ir.note", {{"resource", "=", "sale.opportunity," .. id},
		{"message", "ilike", "%" .. crm.escape.ilike(lead.marker) .. "%"}}, {"message"})
end

return {
	name = "tryton", title = "Tryton (party, opportunity, note)", tested = "a real system",
	needs = {"user", "password"},
	options = {company = "1", ["owner.*"] = ""},
	deliver = lib.deliver{
		login = login, find = find, create = create, update = update,
		noted = function(crm, id, lead) return lib.marked(notes(crm, id, lead), "message", lead) end,
		note = function(crm, id, lead)
			return call(crm, "model.ir.note.create",
				{{resource = "sale.opportunity," .. id, message = lead.note}}, context(crm))[1]
		end,
	},
}

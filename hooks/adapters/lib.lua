-- lib.lua - what adapters for CRMs do alike; leadmilter-adapters(7) explains it.
--
-- lib.deliver{find, create, update, noted, note, …} is the course of every event: the record the
-- CRM has for the lead is recalled, else found, else created; what changed is updated; what was
-- said is attached once.  So an adapter only says how its CRM is asked.

local lib = {}

-- A step returns this when the CRM doesn't know the record any more: it is looked for again.
lib.gone = {}

-- The first of its arguments that is a text with something in it.
local function first(...)
	for i = 1, select("#", ...) do
		local text = select(i, ...)
		if type(text) == "string" and text ~= "" then return text end
	end
end
lib.first = first

local said_once = {
	["lead.sla_breached"] = "Nobody answered in time.",
	["lead.merged"] = "Another lead turned out to be the same person and was merged into this one.",
	["contact.bounced"] = "Mail to this address comes back.",
	["contact.opted_out"] = "This person asked not to be written to.",
}
local brings_mail = {
	["lead.created"] = true, ["lead.updated"] = true, ["lead.reopened"] = true,
	["customer.activity"] = true,
}

-- The weightiest reasons of the score, in words.
local function reasons(score)
	local list = {}
	for _, c in ipairs(score.contributions or {}) do
		if (c.points or 0) > 0 and c.reason then list[#list + 1] = c end
	end
	table.sort(list, function(a, b) return a.points > b.points end)
	local words = {}
	for i = 1, math.min(#list, 3) do words[i] = list[i].reason end
	return table.concat(words, "; ")
end

local function line(list, label, value)
	if value and value ~= "" then list[#list + 1] = label .. value end
end

-- What is attached to the record for this event, or nil.
local function note_of(event, lead, data)
	local lines = {}
	if said_once[event.type] then
		lines[1] = said_once[event.type]
	elseif not brings_mail[event.type] or not data.message then
		return nil
	else
		local m = data.message
		line(lines, "Subject: ", m.subject)
		line(lines, "From: ", lead.name .. " <" .. lead.email .. ">")
		line(lines, "Attached: ", table.concat(m.attachments or {}, ", "))
		if m.text then lines[#lines + 1] = "\n" .. m.text .. "\n" end
		line(lines, "Score: ", lead.rating)
	end
	lines[#lines + 1] = "leadmilter: " .. lead.marker
	return table.concat(lines, "\n")
end

-- An event as flat values; what is unknown is nil, but for names, which every CRM wants.
function lib.lead(event, crm)
	local d = event.data
	local p, s, a, m = d.person or {}, d.score or {}, d.account or {}, d.message or {}
	local l, from = d.lead or {}, d.source or {}
	local lead = {
		id = l.id, stage = l.stage, email = p.address, phone = p.phone, title = p.title,
		country = p.country, language = p.language, website = (p.urls or {})[1],
		score = math.floor((s.total or 0) + 0.5), grade = s.grade, temperature = s.temperature,
		owner = d.owner and d.owner.address, source = first(from.name, from.mailbox),
		campaign = from.campaign, text = m.text, time = event.timestamp, type = event.type,
		known_company = first(p.company, a.company),
	}
	local user = (lead.email or "?"):match("^[^@]+") or "?"
	lead.name = crm.text.cut(first(p.name, user), 120)
	lead.first_name = p.first_name
	lead.last_name = crm.text.cut(first(p.last_name, p.name, user), 80)
	lead.company = crm.text.cut(first(lead.known_company, a.domain, lead.name), 120)
	lead.subject = crm.text.cut(first(m.subject, "Mail from " .. lead.name), 200)
	lead.rating = lead.score .. " points" .. (lead.grade and (", grade " .. lead.grade) or "")
	local why = reasons(s)
	if why ~= "" then lead.rating = lead.rating .. " (" .. why .. ")" end
	lead.rating = crm.text.cut(lead.rating, 1000)
	-- by what a note is known again: the mail's own id, else the event's
	lead.marker = brings_mail[event.type] and m.message_id or event.id
	lead.html_marker = crm.escape.html(lead.marker)
	if lead.email then lead.note = note_of(event, lead, d) end
	return lead
end

-- The CRM's word for the lead's stage and owner, where the settings give one:
-- "stage.mql=Qualified", "owner.petra@our.example=7".
function lib.stage(crm, lead)
	return lead.stage and crm.config["stage." .. lead.stage]
end

function lib.owner(crm, lead)
	return lead.owner and crm.config["owner." .. lead.owner:lower()]
end

-- A text as a number where it is one: ids in settings are texts.
function lib.number(text)
	return tonumber(text) or text
end

-- Whether one of `list` has the lead's marker in `field`.
function lib.marked(list, field, lead)
	for _, item in ipairs(list or {}) do
		local text = item
		for name in field:gmatch("[^.]+") do
			text = type(text) == "table" and text[name] or nil
		end
		if type(text) == "string" and (text:find(lead.marker, 1, true) or
			text:find(lead.html_marker, 1, true)) then return item end
	end
end

-- Plain text as HTML that keeps its lines.
function lib.html(crm, text)
	return (crm.escape.html(text):gsub("\n", "<br>"))
end

local function find_or_create(steps, crm, lead, key)
	local made = false
	local id = crm:once(key, function()
		return steps.find(crm, lead)
	end, function()
		made = true
		return steps.create(crm, lead)
	end)
	crm:remember("record", id)
	return id, made
end

function lib.deliver(steps)
	return function(event, crm)
		if steps.login then steps.login(crm) end
		local id = crm:recall("record")
		if event.type == "contact.forgotten" then
			if id and steps.forget then
				crm:once("forget", nil, function() return steps.forget(crm, id) end)
			end
			return crm.done{id = id}
		end
		local lead = lib.lead(event, crm)
		if not lead.email then return crm.done{id = id} end
		local made = false
		if not id then id, made = find_or_create(steps, crm, lead, "create") end
		if not made and steps.update and steps.update(crm, id, lead) == lib.gone then
			crm:remember("record", nil)
			id = find_or_create(steps, crm, lead, "create again")
		end
		if lead.note then
			crm:once("note", function() return steps.noted(crm, id, lead) and true or nil end,
				function() return steps.note(crm, id, lead) and true end)
		end
		return crm.done{id = id}
	end
end

-- For chat: post(crm, head, lines) tells people of an event, once.
local headlines = {
	["lead.created"] = "New lead", ["lead.qualified"] = "Qualified lead",
	["lead.assigned"] = "Lead assigned", ["lead.reopened"] = "A lead is back",
	["lead.sla_breached"] = "Nobody answered in time", ["customer.activity"] = "A customer writes",
}

function lib.chat(post)
	return function(event, crm)
		local lead = lib.lead(event, crm)
		local head = (headlines[event.type] or event.type) .. ": " .. lead.name ..
			(lead.known_company and ", " .. lead.known_company or "")
		local lines = {lead.subject, lead.rating}
		if lead.owner then lines[#lines + 1] = "For " .. lead.owner end
		crm:once("post", nil, function() post(crm, head, lines) end)
		return crm.done{}
	end
end

return lib

-- frappe.lua - Frappe CRM (CRM Lead) and, with "product=erpnext", ERPNext (Lead), with comments.

local lib = require "lib"

local products = {
	crm = {doctype = "CRM Lead", email = "email", company = "organization", phone = "mobile_no"},
	erpnext = {doctype = "Lead", email = "email_id", company = "company_name", phone = "phone"},
}

local function product(crm)
	return products[crm.config.product] or crm.hold("product is crm or erpnext")
end

local function path(crm, doctype, name)
	return "/api/resource/" .. crm.escape.uri(doctype) .. (name and "/" .. crm.escape.uri(name) or "")
end

local function search(crm, doctype, filters, fields)
	return crm:get(path(crm, doctype), {query = {filters = crm.json(filters), fields = crm.json(fields),
		order_by = "creation desc", limit_page_length = "20"}}).json.data
end

local function find(crm, lead)
	local p = product(crm)
	local mine = crm.exact(search(crm, p.doctype, {{p.email, "=", lead.email}}, {"name", p.email}),
		p.email, lead.email)
	return mine and mine.name
end

local function changing(crm, lead)
	return {lead_owner = lib.owner(crm, lead), status = lib.stage(crm, lead)}
end

local function create(crm, lead)
	local p, values = product(crm), changing(crm, lead)
	values.first_name, values.last_name = lib.first(lead.first_name, lead.name), lead.first_name and lead.last_name
	values[p.email], values[p.company], values[p.phone] = lead.email, lead.known_company, lead.phone
	values.job_title, values.website = lead.title, lead.website
	local answer = crm:post(path(crm, p.doctype), values, {accept = {409}})
	if answer.status == 409 then
		return find(crm, lead) or crm.hold("a duplicate, but the address isn't found")
	end
	return answer.json.data.name
end

local function update(crm, id, lead)
	local values = changing(crm, lead)
	if not next(values) then return end
	if crm:put(path(crm, product(crm).doctype, id), values, {accept = {404}}).status == 404 then
		return lib.gone
	end
end

local function noted(crm, id, lead)
	return lib.marked(search(crm, "Comment", {{"reference_doctype", "=", product(crm).doctype},
		{"reference_name", "=", id}, {"content", "like", "%" .. lead.marker .. "%"}},
		{"name", "content"}), "content", lead)
end

return {
	name = "frappe", title = "Frappe CRM, ERPNext (lead, comment)", tested = "its documentation",
	needs = {"key", "secret"}, options = {product = "crm", ["stage.*"] = "", ["owner.*"] = ""},
	deliver = lib.deliver{
		login = function(crm)
			crm.headers.Authorization = "token " .. crm.config.key .. ":" .. crm.config.secret
		end,
		find = find, create = create, update = update, noted = noted,
		note = function(crm, id, lead)
			return crm:post(path(crm, "Comment"), {comment_type = "Comment",
				reference_doctype = product(crm).doctype, reference_name = id,
				content = lib.html(crm, lead.note)}).json.data.name
		end,
	},
}

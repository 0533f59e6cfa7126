/*
 * attachment.c - see attachment.h.
 *
 * A word in the name says more than the type: "Price list.xlsx" is a price list.  The words are in
 * folded form (fold.h); '_' and '.' in names count as spaces.
 */
#include "mail/attachment.h"

#include <string.h>

#include "base/limits.h"
#include "mail/fold.h"
#include "mail/mail.h"

/* Words at a boundary in front; a trailing '-' asks for one behind as well. */
static const struct {
	const char *kind, *words[32];
} by_name[] = {
	{ "brief",
	  { "rfp-",
	    "rfq-",
	    "rfi-",
	    "rft-",
	    "tor-",
	    "sow-",
	    "brief",
	    "tender",
	    "request for",
	    "requirement",
	    "specification",
	    "spec-",
	    "specs-",
	    "scope of work",
	    "terms of reference",
	    "lastenheft",
	    "pflichtenheft",
	    "ausschreibung",
	    "leistungsverzeichnis",
	    "caiet de sarcini",
	    "cahier des charges",
	    "appel d'offre",
	    "pliego",
	    "capitolato",
	    "caderno de encargos",
	    "specyfikacja",
	    "zapytanie ofertowe",
	    "тз-",
	    "техзадание",
	    "техническое задание",
	    "бриф",
	    "招标" } },
	{ "brief", { "需求", "询价", "тендер", "aanbesteding", "zadavaci dokumentace" } },
	{ "price_list",
	  { "price",
	    "pricing",
	    "preisliste",
	    "preise",
	    "lista de preturi",
	    "preturi",
	    "tarif",
	    "lista de precios",
	    "precios",
	    "listino",
	    "cennik",
	    "cenik",
	    "tabela de precos",
	    "прайс",
	    "цены",
	    "расценки",
	    "прейскурант",
	    "价格",
	    "报价",
	    "價格" } },
	{ "cv",
	  { "cv-", "resume-", "curriculum", "lebenslauf", "bewerbung", "zyciorys", "резюме", "简历",
	    "application letter", "cover letter" } },
	{ "contract",
	  { "contract", "agreement", "nda-", "msa-", "vertrag", "contrat", "contrato", "contratto",
	    "umowa", "smlouva", "договор", "контракт", "соглашение", "合同", "协议" } },
	{ "invoice",
	  { "invoice", "rechnung", "factura", "facture", "fattura", "fatura", "faktura", "proforma",
	    "счет-", "счет фактура", "发票" } },
	{ "order",
	  { "purchase order", "po-", "order", "bestellung", "comanda", "commande", "pedido",
	    "ordine", "zamowienie", "objednavka", "заказ", "заявка", "订单" } },
};

static const struct {
	const char *kind, *prefix;
} by_type[] = {
	{ "calendar", "text/calendar" },
	{ "calendar", "application/ics" },
	{ "contact", "text/vcard" },
	{ "contact", "text/x-vcard" },
	{ "message", "message/" },
	{ "presentation", "application/vnd.ms-powerpoint" },
	{ "presentation", "application/vnd.openxmlformats-officedocument.presentationml" },
	{ "presentation", "application/vnd.oasis.opendocument.presentation" },
	{ "spreadsheet", "application/vnd.ms-excel" },
	{ "spreadsheet", "application/vnd.openxmlformats-officedocument.spreadsheetml" },
	{ "spreadsheet", "application/vnd.oasis.opendocument.spreadsheet" },
	{ "spreadsheet", "text/csv" },
	{ "document", "application/pdf" },
	{ "document", "application/msword" },
	{ "document", "application/rtf" },
	{ "document", "application/vnd.openxmlformats-officedocument.wordprocessingml" },
	{ "document", "application/vnd.oasis.opendocument.text" },
	{ "document", "text/" },
	{ "archive", "application/zip" },
	{ "archive", "application/x-rar" },
	{ "archive", "application/x-7z" },
	{ "archive", "application/gzip" },
	{ "executable", "application/x-msdownload" },
	{ "executable", "application/x-dosexec" },
	{ "image", "image/" },
	{ "audio", "audio/" },
	{ "video", "video/" },
};

/* For attachments sent as application/octet-stream, and names that belie their type. */
static const struct {
	const char *kind, *endings[16];
} by_ending[] = {
	{ "executable",
	  { "exe", "scr", "com", "bat", "cmd", "js", "vbs", "jar", "msi", "ps1", "lnk", "hta",
	    "wsf" } },
	{ "calendar", { "ics", "vcs", "ical" } },
	{ "contact", { "vcf" } },
	{ "message", { "eml", "msg" } },
	{ "presentation", { "ppt", "pptx", "odp", "key", "pps", "ppsx" } },
	{ "spreadsheet", { "xls", "xlsx", "xlsm", "xlsb", "ods", "csv", "numbers" } },
	{ "document", { "pdf", "doc", "docx", "odt", "rtf", "txt", "pages", "md", "djvu" } },
	{ "archive", { "zip", "rar", "7z", "gz", "tgz", "tar", "bz2", "xz" } },
	{ "image",
	  { "jpg", "jpeg", "png", "gif", "tif", "tiff", "bmp", "webp", "heic", "svg", "dwg",
	    "dxf" } },
	{ "audio", { "mp3", "wav", "ogg", "m4a" } },
	{ "video", { "mp4", "avi", "mov", "mkv", "webm" } },
};

static gboolean
is_word_byte(char c)
{
	return g_ascii_isalpha(c) || (guchar)c >= 0x80;
}

/* `word` stands in `name` as a word, or as the begin of one unless it ends in '-'. */
static gboolean
has_word(const char *name, const char *word)
{
	gsize length = strlen(word);
	gboolean whole = word[length - 1] == '-';
	length -= whole;
	gboolean spaced = (guchar)word[0] < 0xe0; /* Chinese has no boundaries */
	for (const char *p = name; *p; p++) {
		if (strncmp(p, word, length))
			continue;
		gboolean begins = !spaced || p == name || !is_word_byte(p[-1]);
		if (begins && (!whole || !is_word_byte(p[length])))
			return TRUE;
	}
	return FALSE;
}

static const char *
kind_by_name(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(by_name); i++)
		for (guint k = 0; k < G_N_ELEMENTS(by_name[i].words) && by_name[i].words[k]; k++)
			if (has_word(name, by_name[i].words[k]))
				return by_name[i].kind;
	return NULL;
}

static const char *
kind_by_ending(const char *filename)
{
	const char *dot = strrchr(filename, '.');
	for (guint i = 0; dot && i < G_N_ELEMENTS(by_ending); i++)
		for (guint k = 0; k < G_N_ELEMENTS(by_ending[i].endings); k++)
			if (by_ending[i].endings[k] &&
			    !g_ascii_strcasecmp(by_ending[i].endings[k], dot + 1))
				return by_ending[i].kind;
	return NULL;
}

static const char *
kind_by_type(const char *type)
{
	for (guint i = 0; i < G_N_ELEMENTS(by_type); i++)
		if (g_str_has_prefix(type, by_type[i].prefix))
			return by_type[i].kind;
	return "other";
}

/* Only what can hold a text may be a brief or a price list by its name. */
static gboolean
is_readable(const char *kind)
{
	static const char *const kinds[] = { "document", "spreadsheet", "presentation",
					     "archive",  "image",       "other" };
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (!strcmp(kinds[i], kind))
			return TRUE;
	return FALSE;
}

static const char *
kind_of(const struct mail_attachment *attachment)
{
	const char *type = attachment->type ? attachment->type : "";
	const char *kind = attachment->filename ? kind_by_ending(attachment->filename) : NULL;
	if (!kind)
		kind = kind_by_type(type);
	if (attachment->is_inline && !strcmp(kind, "image"))
		return NULL;
	if (!attachment->filename || !is_readable(kind))
		return kind;
	struct fold_text name;
	fold_text(attachment->filename, strnlen(attachment->filename, LIMIT_FILENAME), &name);
	g_strdelimit(name.bytes, "_.-", ' ');
	const char *named = kind_by_name(name.bytes);
	fold_text_clear(&name);
	return named ? named : kind;
}

GPtrArray *
attachment_kinds(const GPtrArray *attachments)
{
	GPtrArray *kinds = g_ptr_array_new();
	for (guint i = 0; attachments && i < attachments->len; i++) {
		const char *kind = kind_of(g_ptr_array_index(attachments, i));
		if (kind && !g_ptr_array_find(kinds, kind, NULL))
			g_ptr_array_add(kinds, (char *)kind);
	}
	return kinds;
}

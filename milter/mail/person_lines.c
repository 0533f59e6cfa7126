/*
 * person_lines.c - see person_lines.h.
 *
 * Every line is cut into segments ("|", tabs), every segment of text into parts (", ", " - ",
 * " at ").  A part is judged by its own words: a legal form makes a company, a head word a
 * title, a country's name an address.  What only its place speaks for ("Manager, Acme") is
 * taken for a company when nothing better turned up by the end.
 */
#include "mail/person_lines.h"

#include <string.h>

#include "base/limits.h"
#include "mail/company.h"
#include "mail/country.h"
#include "mail/name.h"
#include "mail/phone.h"
#include "mail/phone_scan.h"
#include "mail/title.h"
#include "mail/weblink.h"
#include "mail/wordlist.h"

#define MOST_PARTS 8
#define MOST_DIGITS 15 /* E.164 */
#define PROSE_BYTES 4096 /* of one line of running text looked at */
#define TITLE_BYTES 100
#define NAME_LINES 4 /* a name stands in one of the first */

struct reader {
	const struct person_context *context;
	struct person *person;
	char **name;
	guint line;
	const char *domain; /* of the person, else of the web site shown */
	char *site; /* owned */
	enum company_evidence company; /* how sure person->company is */
	char *short_title; /* what the title is when `company` came from behind its comma */
};

struct part {
	const char *text;
	gsize length;
	gboolean at; /* an "at" or "@" stands before it */
	struct words words;
	enum title_rank rank;
	enum company_evidence company;
	gsize company_end;
};

/* --- telephones --- */

static gboolean
is_known_phone(const GPtrArray *phones, const struct phone *phone)
{
	for (guint i = 0; i < phones->len; i++) {
		const struct phone *other = phones->pdata[i];

		if (phone->e164 ? g_strcmp0(other->e164, phone->e164) == 0
				: strcmp(other->raw, phone->raw) == 0)
			return TRUE;
	}
	return FALSE;
}

static gboolean
read_number(const struct phone_candidate *candidate, const struct person_context *context,
	    struct phone_number *ret)
{
	if (*candidate->number == '+' || g_str_has_prefix(candidate->number, "(+"))
		return phone_read(candidate->number, NULL, ret);
	for (guint i = 0; i < G_N_ELEMENTS(context->regions) && context->regions[i]; i++)
		if (phone_read(candidate->number, context->regions[i], ret))
			return TRUE;
	if (g_str_has_prefix(candidate->number, "00")) {
		g_autofree char *plus = g_strconcat("+", candidate->number + 2, NULL);

		return phone_read(plus, NULL, ret);
	}
	/* 713-555-0142 is written so in North America only */
	return candidate->shaped && (candidate->digits == 10 || *candidate->number == '1') &&
	       *candidate->number != '0' && phone_read(candidate->number, "US", ret);
}

static const char *
kind_of(const struct phone_candidate *candidate, const struct phone_number *number)
{
	const char *kind = number ? number->kind : "unknown";

	if (candidate->label == LABEL_FAX)
		return "fax";
	if (strcmp(kind, "toll_free") == 0 || candidate->label == LABEL_TOLL_FREE)
		return "toll_free";
	if ((candidate->label == LABEL_SWITCHBOARD || candidate->switchboard) &&
	    !*candidate->extension)
		return "switchboard";
	if (candidate->label == LABEL_MOBILE)
		return "mobile";
	if (candidate->label == LABEL_FIXED && strcmp(kind, "fixed_or_mobile") == 0)
		return "fixed";
	return kind;
}

/* Asking the numbering plans costs more than all the rest: what can't count isn't asked about. */
static gboolean
is_worth_reading(const GPtrArray *phones, const struct phone_candidate *candidate, const char *raw)
{
	if (candidate->label == LABEL_NO_PHONE || candidate->label == LABEL_OTHER_PERSON ||
	    phones->len >= LIMIT_PHONES)
		return FALSE;
	for (guint i = 0; i < phones->len; i++)
		if (strcmp(((const struct phone *)phones->pdata[i])->raw, raw) == 0)
			return FALSE;
	return TRUE;
}

static void
add_candidate(struct person *person, const struct person_context *context,
	      const struct phone_candidate *candidate, const char *line)
{
	g_autofree char *raw =
		g_strndup(line + candidate->begin, candidate->number_end - candidate->begin);
	GPtrArray *phones = candidate->label == LABEL_FAX ? person->faxes : person->phones;
	struct phone_number number;
	struct phone *phone;
	gboolean valid;

	if (!is_worth_reading(phones, candidate, raw))
		return;
	valid = read_number(candidate, context, &number);
	if (!valid && ((candidate->label == LABEL_NONE && !candidate->shaped) ||
		       candidate->digits > MOST_DIGITS))
		return;
	phone = g_new0(struct phone, 1);
	phone->raw = g_steal_pointer(&raw);
	phone->e164 = valid ? g_strdup(number.e164) : NULL;
	phone->region = valid && *number.region ? g_strdup(number.region) : NULL;
	phone->kind = g_strdup(kind_of(candidate, valid ? &number : NULL));
	phone->extension = *candidate->extension ? g_strdup(candidate->extension) : NULL;
	if (is_known_phone(phones, phone))
		person_phone_free(phone);
	else
		g_ptr_array_add(phones, phone);
}

static guint
scan_phones(struct person *person, const struct person_context *context, const char *text,
	    gsize length, struct phone_candidate *candidates)
{
	guint found = 0;

	if (phone_scan_worthwhile(text, length))
		found = phone_scan(text, length, candidates, LIMIT_PHONES);
	for (guint i = 0; i < found; i++)
		add_candidate(person, context, &candidates[i], text);
	return found;
}

void
person_add_phone(struct person *person, const struct person_context *context, const char *text)
{
	struct phone_candidate candidates[LIMIT_PHONES];
	gsize length = MIN(strlen(text), LIMIT_NAME);
	guint found = phone_scan(text, length, candidates, LIMIT_PHONES);

	for (guint i = 0; i < found; i++) {
		if (candidates[i].label == LABEL_NONE)
			candidates[i].label = LABEL_PHONE;
		add_candidate(person, context, &candidates[i], text);
	}
}

/* "Call me at", "my mobile is": before a number in running text. */
static gboolean
is_own_number(const char *line, gsize before)
{
	static const struct wordlist_entry cues[] = {
		{ 1, "my|me|us at|mein|meine|meiner|mich|mir|unter|mon|ma|me joindre|mi|mis|il "
		     "mio|al mio|mio|mia|meu|minha|"
		     "meu telefone|mea|meu este|numărul meu|la numărul|telefonul meu|mă puteți|mă "
		     "găsiți|"
		     "мой|моему|мне|мій|мені|mój|moje|moj|můj|mijn|mitt|mit|benim|numaram" },
		{ 0, NULL },
	};
	static const struct wordlist_entry east_asian[] = {
		{ 1, "我的|联系我|聯繫我|我电话|我的手机|私の|제 전화|제 번호" },
		{ 0, NULL },
	};
	static struct wordlist *list;
	static gsize once;
	gsize from = before > 60 ? before - 60 : 0;
	struct words words;
	guint taken;

	if (g_once_init_enter(&once)) {
		list = wordlist_new(cues);
		g_once_init_leave(&once, 1);
	}
	while (from < before && (line[from] & 0xc0) == 0x80)
		from++;
	words_split(line + from, before - from, &words);
	for (guint i = 0; i < words.count; i++)
		if (wordlist_match(list, &words, i, &taken))
			return TRUE;
	return wordlist_inside(east_asian, line + from, before - from, NULL) != 0;
}

void
person_lines_read_prose(const char *text, const struct person_context *context,
			struct person *person)
{
	struct phone_candidate candidates[2];
	guint lines = 0;

	for (const char *p = text; *p && lines < 200; lines++) {
		const char *end = strchrnul(p, '\n');

		gsize length = MIN(end - p, PROSE_BYTES);

		if (phone_scan_worthwhile(p, length)) {
			guint found = phone_scan(p, length, candidates, 2);

			for (guint i = 0; i < found; i++)
				if (is_own_number(p, candidates[i].begin))
					add_candidate(person, context, &candidates[i], p);
		}
		p = end + (*end != '\0');
	}
}

/* --- text --- */

static char *
dup_trimmed(const char *text, gsize length)
{
	while (length > 0 && strchr(" \t,;:-", *text)) {
		text++;
		length--;
	}
	while (length > 0 && strchr(" \t,;:-", text[length - 1]))
		length--;
	return g_strndup(text, length);
}

static void
take_company(struct reader *reader, const char *text, gsize length, enum company_evidence evidence)
{
	g_autofree char *company = dup_trimmed(text, length);

	if (evidence <= reader->company || strlen(company) < 2 || strlen(company) > LIMIT_NAME)
		return;
	g_free(reader->person->company);
	reader->person->company = g_steal_pointer(&company);
	reader->person->company_origin = FROM_SIGNATURE;
	reader->company = evidence;
}

static void
take_title(struct reader *reader, const char *text, gsize length, gsize short_length,
	   enum title_rank rank)
{
	struct person *person = reader->person;

	if (person->title || length > TITLE_BYTES)
		return;
	person->title = dup_trimmed(text, length);
	person->title_origin = FROM_SIGNATURE;
	person->rank = rank;
	if (short_length > 0)
		reader->short_title = dup_trimmed(text, short_length);
}

static void
take_country(struct reader *reader, const char *code)
{
	struct person *person = reader->person;

	if (!code || person->country)
		return;
	person->country = g_strdup(code);
	person->country_origin = FROM_SIGNATURE;
}

/* Sentences begin so, titles don't. */
static gboolean
is_sentence(const char *text, gsize length, const struct words *words)
{
	static const char begins[] =
		" i we you he she they it my our your the if this that please let as "
		"is are can could would will when what how do does not no ";
	char first[WORDLIST_BYTES + 3];
	char last = text[length - 1];

	if (words->count == 0 || words->more || words->count > 10 || last == '?' || last == '!')
		return TRUE;
	if (words->count > 4 && last == '.')
		return TRUE;
	if (words->count > 3 && g_unichar_islower(g_utf8_get_char(text)))
		return TRUE;
	g_snprintf(first, sizeof first, " %s ", words->word[0].text);
	return words->count > 1 && strstr(begins, first) && strcmp(first, " it ") != 0;
}

static gsize
part_separator(const char *p, const char *end, gboolean *ret_at)
{
	static const struct {
		const char *mark;
		gboolean at;
	} marks[] = { { ", ", FALSE },          { " - ", FALSE },    { " – ", FALSE },
		      { " — ", FALSE },         { " at ", TRUE },    { " @ ", TRUE },
		      { " bei ", TRUE },        { " chez ", TRUE },  { " // ", FALSE },
		      { "，", FALSE },          { "; ", FALSE },     { " @", TRUE },
		      { " в компании ", TRUE }, { " presso ", TRUE } };

	if (g_ascii_isalnum(*p))
		return 0;
	for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
		gsize n = strlen(marks[i].mark);

		if ((gsize)(end - p) > n && memcmp(p, marks[i].mark, n) == 0) {
			*ret_at = marks[i].at;
			return n;
		}
	}
	return 0;
}

static void
part_judge(const struct reader *reader, struct part *part)
{
	words_split(part->text, part->length, &part->words);
	part->rank = title_rank_of_words(part->text, part->length, &part->words);
	part->company = company_judge(part->text, part->length, &part->words, reader->domain,
				      &part->company_end);
	if (part->rank && part->company != COMPANY_FORM)
		part->company = COMPANY_NONE;
}

/* "Inc." after a comma belongs to what stands before it. */
static gboolean
is_only_form(const char *text, gsize length)
{
	static const char forms[] =
		" inc llc ltd limited llp lp corp plc pc gmbh sa sl srl spa pllc sas "
		"lda ltda slu pty sro ";
	char key[WORDLIST_BYTES + 3];
	struct words words;

	if (length > 12)
		return FALSE;
	words_split(text, length, &words);
	if (words.count == 0 || words.count > 2)
		return FALSE;
	g_snprintf(key, sizeof key, " %s ", words.word[0].text);
	return strstr(forms, key) != NULL;
}

static guint
split_parts(const struct reader *reader, const char *text, gsize length, struct part *parts)
{
	const char *end = text + length;
	guint count = 0;
	gboolean at = FALSE;

	for (const char *p = text; p < end && count < MOST_PARTS;) {
		const char *begin = p;
		gboolean next_at = FALSE;
		gsize n = 0;

		while (p < end && (n = part_separator(p, end, &next_at)) == 0)
			p++;
		if (count > 0 && !at && is_only_form(begin, p - begin))
			parts[count - 1].length = p - parts[count - 1].text;
		else if (p > begin)
			parts[count++] =
				(struct part){ .text = begin, .length = p - begin, .at = at };
		p += n;
		at = next_at;
	}
	for (guint i = 0; i < count; i++)
		part_judge(reader, &parts[i]);
	return count;
}

/* On a domain of one's own the name is the domain's: all of its words are in the header's. */
static gboolean
is_all_of(const struct words *words, const char *name)
{
	struct words known;
	guint found = 0;

	words_split(name, strlen(name), &known);
	for (guint i = 0; i < words->count; i++)
		for (guint k = 0; k < known.count; k++)
			if (strcmp(words->word[i].text, known.word[k].text) == 0) {
				found++;
				break;
			}
	return found == words->count;
}

static gboolean
is_name(const struct reader *reader, const struct part *part)
{
	const char *known = reader->context->name;

	if (part->rank || reader->line >= NAME_LINES ||
	    !name_looks_personal(part->text, part->length))
		return FALSE;
	if (part->company >= COMPANY_WORD)
		return part->company == COMPANY_DOMAIN && known && is_all_of(&part->words, known);
	if (known)
		return name_shares_word(part->text, part->length, known);
	return part->words.count != 1 && part->words.count <= 4 && !title_is_field(&part->words);
}

static void
take_name(struct reader *reader, const struct part *part)
{
	if (!*reader->name)
		*reader->name = dup_trimmed(part->text, part->length);
}

/* "CEO of Acme Ltd": what stands before and after the last "of". */
static gboolean
take_title_of(struct reader *reader, const struct part *part)
{
	static const char *const links[] = { " of ", " der ", " de ", " di ", " la ", " for " };

	for (gsize i = 0; i < G_N_ELEMENTS(links); i++) {
		const char *at = g_strrstr_len(part->text, part->length, links[i]);
		gsize n = strlen(links[i]), before = at ? (gsize)(at - part->text) : 0;
		struct words words;
		enum title_rank rank;

		if (!at)
			continue;
		words_split(part->text, before, &words);
		rank = title_rank_of_words(part->text, before, &words);
		if (!rank)
			continue;
		take_title(reader, part->text, before, 0, rank);
		take_company(reader, at + n, part->text + part->company_end - at - n, COMPANY_FORM);
		return TRUE;
	}
	return FALSE;
}

/* The title begins with part `i`. @return the first part that is no longer of it */
static guint
take_title_parts(struct reader *reader, const struct part *parts, guint i, guint count)
{
	const struct part *first = &parts[i];
	const char *end = first->text + first->length, *short_end = NULL;
	enum title_rank rank = first->rank;
	guint k;

	for (k = i + 1; k < count; k++) {
		const struct part *part = &parts[k];

		if (part->at || part->company != COMPANY_NONE ||
		    country_of_name(part->text, part->length))
			break;
		if (part->rank == RANK_UNKNOWN && !title_is_field(&part->words)) {
			short_end = short_end ? short_end : end;
			if (k == count - 1 && g_unichar_isupper(g_utf8_get_char(part->text)))
				take_company(reader, part->text, part->length, COMPANY_STATED);
		}
		rank = MAX(rank, part->rank);
		end = part->text + part->length;
	}
	if (k < count && parts[k].at && parts[k].company == COMPANY_NONE)
		take_company(reader, parts[k].text, parts[k].length, COMPANY_WORD);
	take_title(reader, first->text, end - first->text,
		   short_end && reader->company == COMPANY_STATED ? short_end - first->text : 0,
		   rank);
	return k;
}

/* "Company: Acme", "Position: Buyer". */
static gboolean
take_labelled(struct reader *reader, const char *text, gsize length)
{
	enum { COMPANY = 1, TITLE };
	static const struct wordlist_entry labels[] = {
		{ COMPANY, "company|organization|organisation|firma|empresa|société|azienda|"
			   "companie|компания|"
			   "организация|firm|公司|单位" },
		{ TITLE,
		  "title|position|job title|role|funktion|poste|cargo|posizione|funcție|funcția|"
		  "должность|stanowisko|职位|职务" },
		{ 0, NULL },
	};
	static struct wordlist *list;
	static gsize once;
	const char *colon = memchr(text, ':', MIN(length, 24));
	struct words words;
	guint taken, label;

	if (g_once_init_enter(&once)) {
		list = wordlist_new(labels);
		g_once_init_leave(&once, 1);
	}
	if (!colon)
		return FALSE;
	words_split(text, colon - text, &words);
	label = words.count > 0 && words.count < 3 ? wordlist_match(list, &words, 0, &taken) : 0;
	length -= colon + 1 - text;
	if (label == COMPANY)
		take_company(reader, colon + 1, length, COMPANY_LABEL);
	else if (label == TITLE) {
		g_autofree char *title = dup_trimmed(colon + 1, length);

		take_title(reader, title, strlen(title), 0, title_rank_of(title));
	}
	return label != 0;
}

static void
read_part(struct reader *reader, const struct part *part)
{
	if (is_name(reader, part))
		take_name(reader, part);
	else if (part->company != COMPANY_NONE)
		take_company(reader, part->text, part->company_end, part->company);
	else
		take_country(reader, country_of_name(part->text, part->length));
}

static void
read_text(struct reader *reader, const char *text, gsize length)
{
	struct part parts[MOST_PARTS];
	guint count;

	if (take_labelled(reader, text, length))
		return;
	count = split_parts(reader, text, length, parts);
	for (guint i = 0; i < count;) {
		const struct part *part = &parts[i];

		if (part->rank && part->company == COMPANY_FORM) {
			if (!take_title_of(reader, part))
				read_part(reader, part);
			i++;
		} else if (part->rank && !is_sentence(part->text, part->length, &part->words))
			i = take_title_parts(reader, parts, i, count);
		else if (i == 0 && count > 1 && parts[1].rank && !part->rank &&
			 part->company == COMPANY_NONE && title_is_field(&part->words)) {
			parts[0].rank = parts[1].rank; /* "Marketing, Senior Manager" */
		} else {
			read_part(reader, part);
			i++;
		}
	}
}

static guint
count_digits(const struct contact_line *line)
{
	guint digits = 0;

	for (guint i = 0; i < line->length; i++)
		digits += g_ascii_isdigit(line->text[i]);
	return digits;
}

static void
read_address(struct reader *reader, const struct contact_line *line)
{
	struct part parts[MOST_PARTS];
	guint count = split_parts(reader, line->text, line->length, parts);

	/* "Acme Ltd, 12 High Street, London" */
	for (guint i = 0; i < count; i++)
		if (parts[i].company == COMPANY_FORM)
			take_company(reader, parts[i].text, parts[i].company_end, COMPANY_FORM);
	take_country(reader, country_of_address(line->text, line->length));
}

/* What stands before a number may be a name, hardly ever more than its label. */
static void
read_before_number(struct reader *reader, const char *text, gsize length)
{
	struct part part = { .text = text };

	while (length > 0 && strchr(" -:,(|/", text[length - 1]))
		length--;
	if (length == 0 || !reader->context->name)
		return;
	part.length = length;
	part_judge(reader, &part);
	if (is_name(reader, &part))
		take_name(reader, &part);
}

static void
read_segment(struct reader *reader, const struct contact_line *line)
{
	struct phone_candidate candidates[LIMIT_PHONES];
	struct person *person = reader->person;
	guint found = scan_phones(person, reader->context, line->text, line->length, candidates);

	if (weblink_find(line->text, line->length, reader->context->domain, person->urls) ||
	    memchr(line->text, '@', line->length))
		return;
	if (found > 0)
		read_before_number(reader, line->text, candidates[0].begin);
	else if (count_digits(line) >= 3)
		read_address(reader, line);
	else
		read_text(reader, line->text, line->length);
}

/* The web site's name helps to know the company's. */
static void
find_site(struct reader *reader, const struct contact_block *block)
{
	g_autoptr(GPtrArray) urls = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < block->count && urls->len == 0 && !reader->domain; i++)
		if (g_strstr_len(block->line[i].text, block->line[i].length, "www."))
			weblink_find(block->line[i].text, block->line[i].length, NULL, urls);
	if (urls->len > 0)
		reader->domain = reader->site = weblink_host(urls->pdata[0]);
}

void
person_lines_read(const struct contact_block *block, const struct person_context *context,
		  struct person *person, char **ret_name)
{
	struct reader reader = {
		.context = context, .person = person, .name = ret_name, .domain = context->domain
	};
	struct contact_line segment;

	*ret_name = NULL;
	find_site(&reader, block);
	for (guint i = 0; i < block->count; i++) {
		guint position = 0;

		reader.line = i;
		while (contact_line_next(&block->line[i], &position, &segment))
			read_segment(&reader, &segment);
	}
	if (reader.short_title && reader.company == COMPANY_STATED) {
		g_free(person->title);
		person->title = g_steal_pointer(&reader.short_title);
	}
	g_free(reader.short_title);
	g_free(reader.site);
}

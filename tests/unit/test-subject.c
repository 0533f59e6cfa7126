/* test-subject.c - subjects without prefixes and list tags. */
#include "base/limits.h"
#include "mail/facts.h"
#include "cpu_time.h"

#include <string.h>

static const struct {
	const char *subject, *want;
	guint prefixes;
} cases[] = {
	{ "", "", 0 },
	{ "Offer", "offer", 0 },
	{ "  Offer  ", "offer", 0 },
	{ "Re: Offer", "offer", 1 },
	{ "RE: Offer", "offer", 1 },
	{ "re:Offer", "offer", 1 },
	{ "Re : Offer", "offer", 1 },
	{ "Re: Re: RE: Offer", "offer", 3 },
	{ "Re[2]: Offer", "offer", 1 },
	{ "RE(3): Offer", "offer", 1 },
	{ "Re^4: Offer", "offer", 1 },
	{ "Re [5]: Offer", "offer", 1 },
	{ "Re: Fwd: Offer", "offer", 2 },
	{ "Fw: Offer", "offer", 1 },
	{ "FYI: Offer", "offer", 1 },
	/* the words are no prefixes without a colon, nor inside of others */
	{ "Re Offer", "re offer", 0 },
	{ "Reply: none", "reply: none", 0 },
	{ "Research: plans", "research: plans", 0 },
	{ "Offer re: machines", "offer re: machines", 0 },
	{ "Order 12: delivery", "order 12: delivery", 0 },
	{ "R2D2: spare parts", "r2d2: spare parts", 0 },
	/* German, Dutch, French, Spanish, Portuguese, Italian */
	{ "AW: Angebot", "angebot", 1 },
	{ "Antwort: Angebot", "angebot", 1 },
	{ "WG: Angebot", "angebot", 1 },
	{ "Antw: Offerte", "offerte", 1 },
	{ "Doorst: Offerte", "offerte", 1 },
	{ "RÉF: Devis", "devis", 1 },
	{ "REF: Devis", "devis", 1 },
	{ "RÉP: Devis", "devis", 1 },
	{ "TR: Devis", "devis", 1 },
	{ "RV: Oferta", "oferta", 1 },
	{ "RES: Oferta", "oferta", 1 },
	{ "ENC: Oferta", "oferta", 1 },
	{ "R: Offerta", "offerta", 1 },
	{ "RIF: Offerta", "offerta", 1 },
	{ "I: Offerta", "offerta", 1 },
	/* Nordic, Baltic */
	{ "SV: Tilbud", "tilbud", 1 },
	{ "VS: Tilbud", "tilbud", 1 },
	{ "VB: Offert", "offert", 1 },
	{ "VL: Tarjous", "tarjous", 1 },
	{ "FS: Tilboð", "tilboð", 1 },
	{ "ATB: Piedāvājums", "piedāvājums", 1 },
	/* Slavic, Romanian, Hungarian */
	{ "Odp: Oferta", "oferta", 1 },
	{ "PD: Oferta", "oferta", 1 },
	{ "НА: Предложение", "предложение", 1 },
	{ "Отв: Предложение", "предложение", 1 },
	{ "Ответ: Предложение", "предложение", 1 },
	{ "Пересл: Предложение", "предложение", 1 },
	{ "Răsp: Ofertă", "ofertă", 1 },
	{ "Vá: Ajánlat", "ajánlat", 1 },
	{ "Továbbítás: Ajánlat", "ajánlat", 1 },
	/* Greek, Turkish */
	{ "ΑΠ: Προσφορά", "προσφορά", 1 },
	{ "ΣΧΕΤ: Προσφορά", "προσφορά", 1 },
	{ "ΠΡΘ: Προσφορά", "προσφορά", 1 },
	{ "YNT: Teklif", "teklif", 1 },
	{ "Ynt: Teklif", "teklif", 1 },
	{ "İLT: Teklif", "teklif", 1 },
	{ "Ilt: Teklif", "teklif", 1 },
	/* Hebrew, Arabic */
	{ "תגובה: הצעה", "הצעה", 1 },
	{ "הועבר: הצעה", "הצעה", 1 },
	{ "رد: عرض", "عرض", 1 },
	/* Chinese, Japanese, Korean, Indonesian; full-width colons */
	{ "回复：报价", "报价", 1 },
	{ "回覆: 報價", "報價", 1 },
	{ "答复: 报价", "报价", 1 },
	{ "转发：报价", "报价", 1 },
	{ "轉寄: 報價", "報價", 1 },
	{ "返信: 見積", "見積", 1 },
	{ "転送: 見積", "見積", 1 },
	{ "Re：見積", "見積", 1 },
	{ "회신: 견적", "견적", 1 },
	{ "전달: 견적", "견적", 1 },
	{ "BLS: Penawaran", "penawaran", 1 },
	{ "TRS: Penawaran", "penawaran", 1 },
	/* tags of lists and gateways, before and after prefixes */
	{ "[users] Offer", "offer", 0 },
	{ "[EXTERN] Re: Offer", "offer", 1 },
	{ "Re: [users] Offer", "offer", 1 },
	{ "Re: [users] AW: [EXT] Offer", "offer", 2 },
	{ "[a][b] Offer", "offer", 0 },
	{ "[#4711] Offer", "offer", 0 },
	{ "[open Offer", "[open offer", 0 },
	{ "Offer [2 machines]", "offer [2 machines]", 0 },
	/* what would leave nothing: a tag stays, a prefix goes */
	{ "[users]", "[users]", 0 },
	{ "Re: [users]", "[users]", 1 },
	{ "Re:", "", 1 },
	{ "Re: ", "", 1 },
	{ "Re: Re:", "", 2 },
};

static void
test_cases(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		guint prefixes = 99;
		g_autofree char *got = subject_normalise(cases[i].subject, &prefixes);
		g_test_message("%s", cases[i].subject);
		g_assert_cmpstr(got, ==, cases[i].want);
		g_assert_cmpuint(prefixes, ==, cases[i].prefixes);
	}
}

/* Normalising twice changes nothing, and the count is optional. */
static void
test_stable(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *once = subject_normalise(cases[i].subject, NULL);
		g_autofree char *twice = subject_normalise(once, NULL);
		g_assert_cmpstr(once, ==, twice);
	}
}

static void
test_long_tag(void)
{
	g_autofree char *inside = g_strnfill(200, 'x');
	g_autofree char *subject = g_strdup_printf("[%s] offer", inside);
	g_autofree char *got = subject_normalise(subject, NULL);
	g_assert_cmpstr(got, ==, subject);
}

/* A subject of prefixes only costs no more than its length. */
static void
test_hostile(void)
{
	GString *subject = g_string_new(NULL);
	for (guint i = 0; i < 20000; i++)
		g_string_append(subject, "Re: [x] ");
	g_string_append(subject, "offer");
	gint64 began = cpu_time();
	guint prefixes;
	g_autofree char *got = subject_normalise(subject->str, &prefixes);
	g_assert_cmpstr(got, ==, "offer");
	g_assert_cmpuint(prefixes, ==, 20000);
	g_assert_cmpint(cpu_time() - began, <, G_USEC_PER_SEC);
	g_string_free(subject, TRUE);
}

/* --- tags --- */

static const struct {
	const char *value, *tag, *want; /* NULL: stays as it is */
} tag_cases[] = {
	{ "Offer", "[hot]", "[hot] Offer" },
	{ NULL, "[hot]", "[hot]" },
	{ "", "[hot]", "[hot]" },
	{ "  Offer", "[hot]", "[hot] Offer" },
	{ "Re: Offer", "[hot]", "[hot] Re: Offer" },
	/* once is enough, wherever it stands and however it is written */
	{ "[hot] Offer", "[hot]", NULL },
	{ "Re: [HOT] Offer", "[hot]", NULL },
	{ "AW: Re: [hot]", "[hot]", NULL },
	{ "=?UTF-8?Q?=5Bhot=5D_Offer?=", "[hot]", NULL },
	{ "Re: =?UTF-8?B?W2jDtnRd?= Offer", "[h\xc3\xb6t]", NULL },
	{ "=?UTF-8?Q?[h?=\n =?UTF-8?Q?ot]?=", "[hot]", NULL },
	/* what was encoded or folded stays so */
	{ "=?ISO-8859-1?Q?F=FCr?=", "[hot]", "[hot] =?ISO-8859-1?Q?F=FCr?=" },
	{ "a long\n one", "[hot]", "[hot] a long\n one" },
	{ "F\xfcr Sie", "[hot]", "[hot] F\xfcr Sie" },
	/* a tag that isn't ASCII: as the subject is */
	{ "F\xc3\xbcr Sie", "[h\xc3\xb6t]", "[h\xc3\xb6t] F\xc3\xbcr Sie" },
	{ "Offer", "[h\xc3\xb6t]", "=?UTF-8?B?W2jDtnRd?= Offer" },
	{ "F\xfcr", "[h\xc3\xb6t]", "=?UTF-8?B?W2jDtnRd?= F\xfcr" },
	{ NULL, "[h\xc3\xb6t]", "=?UTF-8?B?W2jDtnRd?=" },
	/* between encoded words a space isn't shown */
	{ "=?UTF-8?Q?F=C3=BCr?=", "[h\xc3\xb6t]", "=?UTF-8?B?W2jDtnRdIA==?= =?UTF-8?Q?F=C3=BCr?=" },
};

static void
test_tags(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(tag_cases); i++) {
		g_autofree char *got = subject_add_tag(tag_cases[i].value, tag_cases[i].tag);
		g_assert_cmpstr(got, ==, tag_cases[i].want);
		g_autofree char *again = got ? subject_add_tag(got, tag_cases[i].tag) : NULL;
		g_assert_null(again);
	}
	/* encoded words are 75 octets at most, of whole characters; a cut subject stays */
	GString *tag = g_string_new(NULL);
	while (tag->len < 190)
		g_string_append(tag, "x\xe2\x82\xac");
	g_autofree char *long_tag = subject_add_tag("Offer", tag->str);
	g_auto(GStrv) words = g_strsplit(long_tag, " ", -1);
	for (char **word = words; *word; word++)
		g_assert_cmpuint(strlen(*word), <=, 75);
	g_string_free(tag, TRUE);
	g_autofree char *cut = g_strnfill(LIMIT_HEADER_VALUE, 'x');
	g_assert_null(subject_add_tag(cut, "[hot]"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/subject/cases", test_cases);
	g_test_add_func("/subject/stable", test_stable);
	g_test_add_func("/subject/long-tag", test_long_tag);
	g_test_add_func("/subject/hostile", test_hostile);
	g_test_add_func("/subject/tags", test_tags);
	return g_test_run();
}

/* test-content.c - figures, signals of the shipped phrase lists, attachments, campaigns, speed. */
#include "mail/content.h"
#include "cpu_time.h"

#include <string.h>

#include "base/limits.h"
#include "mail/attachment.h"
#include "mail/figure.h"
#include "mail/utm.h"

static const char *const languages[] = {
	"de", "en", "es", "fr", "it", "pl", "pt", "ro", "ru", "zh"
};

static struct phrases *
shipped(void)
{
	struct phrases *phrases = phrases_new();
	g_autoptr(GError) error = NULL;
	for (guint i = 0; i < G_N_ELEMENTS(languages); i++) {
		g_autofree char *path =
			g_strdup_printf(TEST_CONF "/lists/phrases/%s.phrases", languages[i]);
		phrases_add_file(phrases, path, &error);
		g_assert_no_error(error);
	}
	gint64 begin = cpu_time();
	g_assert_true(phrases_compile(phrases, &error));
	g_assert_no_error(error);
	g_test_message("compiled in %" G_GINT64_FORMAT " us", cpu_time() - begin);
	return phrases;
}

static struct content *
find(const struct phrases *phrases, const char *text)
{
	static struct mail empty; /* no attachments */
	return content_find(phrases, &empty, text, NULL);
}

/* All figures of a text: "$5,000|d:15.03.2027|s:2 weeks" */
static char *
figures(const char *text)
{
	static const char *const prefix[] = { "", "d:", "s:" };
	struct fold_text folded;
	fold_text(text, strlen(text), &folded);
	g_autoptr(GString) got = g_string_new(NULL);
	struct figure figure;
	for (gsize at = 0; figure_next(&folded, text, &at, &figure);) {
		gsize begin = folded.origin[figure.begin], end = folded.origin[figure.end];
		g_string_append_printf(got, "%s%s%.*s", got->len ? "|" : "", prefix[figure.kind],
				       (int)(end - begin), text + begin);
	}
	fold_text_clear(&folded);
	return g_string_free(g_steal_pointer(&got), FALSE);
}

struct want {
	const char *text, *want;
};

static void
check_figures(const struct want *want, guint n)
{
	for (guint i = 0; i < n; i++) {
		g_autofree char *got = figures(want[i].text);
		if (strcmp(got, want[i].want))
			g_test_message("%s", want[i].text);
		g_assert_cmpstr(got, ==, want[i].want);
	}
}

static void
test_amounts(void)
{
	static const struct want want[] = {
		{ "costs $5,000 now", "$5,000" },
		{ "US$ 5k, or US$5.5m", "US$ 5k|US$5.5m" },
		{ "R$ 5.000,00", "R$ 5.000,00" },
		{ "5.000 € brutto", "5.000 €" },
		{ "€ 5.000,-", "€ 5.000" },
		{ "5 000,00 EUR", "5 000,00 EUR" },
		{ "EUR 5.000", "EUR 5.000" },
		{ "CHF 1'200.50", "CHF 1'200.50" },
		{ "10k usd", "10k usd" },
		{ "20 000\302\240€", "20 000\302\240€" },
		{ "£1.2m or 10,000 pounds", "£1.2m|10,000 pounds" },
		{ "1.5 million dollars", "1.5 million dollars" },
		{ "un million d'euros, 2 millions d'euros", "2 millions d'euros" },
		{ "до 500 тыс. руб. в год", "500 тыс. руб" },
		{ "10 млн рублей, 300р.", "10 млн рублей|300р" },
		{ "500 000 ₽", "500 000 ₽" },
		{ "20 de mii de lei", "20 de mii de lei" },
		{ "3.000 RON, 5 mii euro", "3.000 RON|5 mii euro" },
		{ "预算5万元", "5万元" },
		{ "约5000元,人民币3000", "5000元|人民币3000" },
		{ "¥50,000 / ￥300", "¥50,000|￥300" },
		{ "5 000 zł", "5 000 zł" },
		{ "25 000 Kč", "25 000 Kč" },
		{ "Rs. 5,00,000 or 5 lakh rupees", "Rs. 5,00,000|5 lakh rupees" },
		{ "2000 грн", "2000 грн" },
		{ "TRY 500", "TRY 500" },
		/* none */
		{ "we try 5 of them", "" },
		{ "5 all of us", "" },
		{ "100 people, 20 licences", "" },
		{ "+40 21 311 22 33", "" },
		{ "version 5.000", "" },
		{ "eurozone 5000", "" },
		{ "$ and 5", "" },
		{ "5m away", "" },
		{ "echo $1", "" },
	};
	check_figures(want, G_N_ELEMENTS(want));
}

static void
test_dates(void)
{
	static const struct want want[] = {
		{ "on 15.03.2027 at", "d:15.03.2027" },
		{ "2027-03-15", "d:2027-03-15" },
		{ "3/15/2027, 15/3/27", "d:3/15/2027|d:15/3/27" },
		{ "by 15.03. please", "d:15.03" },
		{ "bis 5.3. bitte", "d:5.3" },
		{ "5 March 2027", "d:5 March 2027" },
		{ "the 5th of March", "d:5th of March" },
		{ "March 5th, 2027", "d:March 5th, 2027" },
		{ "in March 2027.", "d:March 2027" },
		{ "Sept. 5", "d:Sept. 5" },
		{ "bis 5. März 2027", "d:5. März 2027" },
		{ "до 5 марта 2027 г.", "d:5 марта 2027" },
		{ "5-го марта", "d:5-го марта" },
		{ "5 martie 2027", "d:5 martie 2027" },
		{ "5 de marzo de 2027", "d:5 de marzo de 2027" },
		{ "2027年3月5日", "d:2027年3月5日" },
		{ "3月5号之前", "d:3月5号" },
		{ "Q3 2027", "d:Q3 2027" },
		{ "in 2 weeks", "s:2 weeks" },
		{ "2-3 Wochen", "s:2-3 Wochen" },
		{ "через 10 дней", "s:10 дней" },
		{ "în 2 săptămâni", "s:2 săptămâni" },
		{ "3个月内", "s:3个月" },
		{ "10 business days", "s:10 business days" },
		/* none */
		{ "45.13.2027", "" },
		{ "since 2.4 and 3.3.", "" },
		{ "7/8 of", "" },
		{ "192.168.10.12", "" },
		{ "room 5 maybe", "" },
		{ "may 99", "" },
		{ "IQ3", "" },
		{ "3 ml", "" },
		{ "1/0", "" },
	};
	check_figures(want, G_N_ELEMENTS(want));
}

/* "intent_price need ? amount=5 EUR deadline=by May" in a fixed order */
static char *
summary(const struct content *content)
{
	g_autoptr(GString) got = g_string_new(NULL);
	static const char *const lists[] = { "intent_price",   "intent_demo",     "intent_trial",
					     "intent_meeting", "intent_contract", "intent_rfp" };
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		if (content_has(content, lists[i]))
			g_string_append_printf(got, "%s ", lists[i] + strlen("intent_"));
	const struct {
		gboolean flag;
		const char *name;
	} flags[] = {
		{ content->budget, "B" },
		{ content->authority, "A" },
		{ content->need, "N" },
		{ content->timeline, "T" },
		{ content->opt_out, "opt_out" },
		{ content->refusal, "refusal" },
		{ content->vendor_pitch, "pitch" },
		{ content->competitor, "competitor" },
		{ content->questions > 0, "?" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(flags); i++)
		if (flags[i].flag)
			g_string_append_printf(got, "%s ", flags[i].name);
	if (content->amount)
		g_string_append_printf(got, "amount=%s ", content->amount);
	if (content->deadline)
		g_string_append_printf(got, "deadline=%s ", content->deadline);
	return g_strchomp(g_string_free(g_steal_pointer(&got), FALSE));
}

static void
test_signals(void)
{
	g_autoptr(phrases_owned) phrases = shipped();
	static const struct want want[] = {
		{ "", "" },
		{ "Thanks, see you there.", "" },
		{ "Hello, how much does the large pump cost? Our budget is 5.000 EUR, we need it "
		  "by 15 March "
		  "2027.",
		  "price B N T ? amount=5.000 EUR deadline=by 15 March 2027" },
		{ "Could we get a demo next week? I am the head of purchasing.",
		  "demo A T ? deadline=next week" },
		{ "Please find our RFP attached; proposals are due on 2027-02-01.",
		  "rfp T deadline=due on 2027-02-01" },
		{ "We met on 5 March 2027 in Berlin.", "" },
		{ "We are in. 5 March was nice.", "" },
		{ "Delivery within 10 days, please schedule a call.",
		  "meeting T deadline=within 10 days" },
		{ "Is there a free trial\nversion?", "trial ?" },
		{ "We are ready to sign, send us the contract.", "contract" },
		{ "Guten Tag, was kostet die Anlage? Wir benötigen sie bis 1. Juni.",
		  "price N T ? deadline=bis 1. Juni" },
		{ "Здравствуйте! Сколько стоит внедрение? Бюджет до 500 тыс. руб., сроки — до 1 "
		  "марта.",
		  "price B T ? amount=500 тыс. руб deadline=до 1 марта" },
		{ "Подскажите, можно ли созвониться", "meeting ?" },
		{ "Buna ziua, avem nevoie de o oferta de pret pana la 15 martie. Bugetul este 3000 "
		  "lei.",
		  "price B N T amount=3000 lei deadline=pana la 15 martie" },
		{ "请问这个多少钱？我们需要10台，3月5日之前交货，预算5万元。",
		  "price B N T ? amount=5万元 deadline=3月5日之前" },
		{ "Bonjour, pouvez-vous nous faire un devis avant le 3 mai ? Nous avons besoin de "
		  "20 postes.",
		  "price N T ? deadline=avant le 3 mai" },
		{ "Hola, ¿cuánto cuesta? Necesitamos una demo lo antes posible.",
		  "price demo N T ? deadline=lo antes posible" },
		{ "Buongiorno, vorremmo un preventivo entro il 10 giugno.",
		  "price N T deadline=entro il 10 giugno" },
		{ "Dzień dobry, ile kosztuje licencja? Szukamy rozwiązania do końca maja.",
		  "price N T ? deadline=do końca" },
		{ "Bom dia, quanto custa? Precisamos até 10 de junho.",
		  "price N T ? deadline=até 10 de junho" },
		/* opt-out and refusal */
		{ "Please remove me from your list.", "opt_out" },
		{ "unsubscribe", "opt_out" },
		{ "STOP!", "opt_out" },
		{ "Please unsubscribe.", "opt_out" },
		{ "If you have no use for our letter any more please unsubscribe below", "" },
		{ "如不想再收到此类邮件,请点击", "" },
		{ "Wir haben kein Interesse, bitte nehmen Sie mich aus Ihrem Verteiler.",
		  "opt_out refusal" },
		{ "Merci, je ne souhaite plus recevoir vos mails.", "opt_out" },
		{ "No me interesa, denme de baja por favor.", "opt_out refusal" },
		{ "In version 2.4 and in 2027 pieces, in 1/2 hour", "" },
		{ "How does your unsubscribe feature work? Can it stop mails to people who left "
		  "us?",
		  "?" },
		{ "Write us \"remove me from\" and we will do so if it ever happens to be needed",
		  "" },
		{ "Отпишите меня, пожалуйста", "opt_out" },
		{ "Vă rog să nu mă mai contactați.", "opt_out" },
		{ "请不要再联系我", "opt_out" },
		{ "Thanks, but we are not interested.", "refusal" },
		{ "no, thank you", "refusal" },
		{ "Нам это не интересно", "refusal" },
		{ "There is no doubt that thank you notes are nice to have around here.", "" },
		/* somebody selling to us */
		{ "I came across your website and can bring you to the first page of google for "
		  "$99.",
		  "pitch amount=$99" },
		{ "We offer great work. Our portfolio is online, let me know if you are "
		  "interested.",
		  "pitch" },
		{ "We offer training ourselves. We need 20 licences. Our services run on your "
		  "product.",
		  "N" },
		{ "Мы предлагаем выгодные условия и низкие цены на канцтовары", "pitch" },
		{ "We currently use another provider, how do you compare?", "competitor ?" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(content_owned) content = find(phrases, want[i].text);
		g_autofree char *got = summary(content);
		if (strcmp(got, want[i].want))
			g_test_message("%s: %s", want[i].text, got);
		g_assert_cmpstr(got, ==, want[i].want);
	}
}

/* A date of years ago is a story; without a date of the message none can be told. */
static void
test_past_dates(void)
{
	g_autoptr(phrases_owned) phrases = shipped();
	static const struct {
		gint64 date;
		const char *text, *deadline;
	} want[] = {
		{ 1795219200000000, "We started in January 2001.", NULL }, /* 2026-11-21 */
		{ 1795219200000000, "We start in January 2027.", "in January 2027" },
		{ 1795219200000000, "We start in December 2026.", "in December 2026" },
		{ 0, "We started in January 2001.", "in January 2001" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		struct mail mail = { .date = want[i].date };
		g_autoptr(content_owned) content = content_find(phrases, &mail, want[i].text, NULL);
		g_assert_cmpstr(content->deadline, ==, want[i].deadline);
	}
}

static void
test_counts(void)
{
	static const struct {
		const char *text;
		guint words, questions;
	} want[] = {
		{ "", 0, 0 },
		{ "one two-three don't", 3, 0 },
		{ "What?? When? (Why?) https://x.example/?a=b?c", 9, 3 },
		{ "Сколько стоит?", 2, 1 },
		{ "多少钱？", 3, 1 },
		{ "هل هذا متاح؟", 3, 1 },
		{ "가격 문의", 2, 0 },
		{ "\377\376 ok", 1, 0 },
		{ "Really?!", 1, 1 },
	};
	/* eight bytes are counted at once: every text at every place among them */
	for (guint k = 0; k < 9 * G_N_ELEMENTS(want); k++) {
		guint i = k / 9, pad = k % 9;
		g_autofree char *text =
			g_strconcat(&",,,,,,,,"[pad], want[i].text, ",,,,,,,,", NULL);
		g_autoptr(content_owned) content = find(NULL, text);
		g_assert_cmpuint(content->questions, ==, want[i].questions);
		g_assert_cmpuint(content->words, ==, want[i].words);
		g_assert_cmpuint(content->hits->len, ==, 0);
	}
}

static void
test_hits(void)
{
	g_autoptr(phrases_owned) phrases = shipped();
	g_autoptr(content_owned) content =
		find(phrases, "How\n  much is it? What is the PRICE? price list");
	guint seen = 0;
	for (guint i = 0; i < content->hits->len; i++) {
		const struct content_hit *hit = g_ptr_array_index(content->hits, i);
		g_assert_false(hit->name[0] == '_');
		if (!strcmp(hit->name, "intent_price")) {
			g_assert_cmpstr(hit->evidence, ==, "How much is");
			seen++;
		}
	}
	g_assert_cmpuint(seen, ==, 1);
	g_assert_true(content_has(content, "intent_price"));
	g_assert_false(content_has(content, "intent_demo"));
}

static void
test_attachments(void)
{
	static const struct {
		const char *filename, *type, *want;
		gboolean is_inline;
	} want[] = {
		{ "RFP_2027.pdf", "application/pdf", "brief", FALSE },
		{ "Техническое задание.docx", "application/octet-stream", "brief", FALSE },
		{ "caiet-de-sarcini.pdf", "application/pdf", "brief", FALSE },
		{ "招标文件.pdf", "application/pdf", "brief", FALSE },
		{ "Price_List.xlsx", "application/octet-stream", "price_list", FALSE },
		{ "прайс.xls", "application/vnd.ms-excel", "price_list", FALSE },
		{ "CV-Anna-Kern.pdf", "application/pdf", "cv", FALSE },
		{ "Резюме.doc", "application/msword", "cv", FALSE },
		{ "Договор поставки.pdf", "application/pdf", "contract", FALSE },
		{ "NDA.pdf", "application/pdf", "contract", FALSE },
		{ "Rechnung 17.pdf", "application/pdf", "invoice", FALSE },
		{ "PO 4711.pdf", "application/pdf", "order", FALSE },
		{ "invite.ics", "text/plain", "calendar", FALSE },
		{ NULL, "text/calendar", "calendar", FALSE },
		{ "anna.vcf", "text/vcard", "contact", FALSE },
		{ "price.exe", "application/pdf", "executable", FALSE },
		{ "slides.pptx", "application/octet-stream", "presentation", FALSE },
		{ "notes.pdf", "application/pdf", "document", FALSE },
		{ "cvs-export.csv", "text/csv", "spreadsheet", FALSE },
		{ "photo.jpg", "image/jpeg", "image", FALSE },
		{ "logo.png", "image/png", NULL, TRUE },
		{ NULL, NULL, "other", FALSE },
		{ "..", "application/x-foo", "other", FALSE },
		{ "\377.pdf", "application/pdf", "document", FALSE },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		struct mail_attachment attachment = { .filename = (char *)want[i].filename,
						      .type = (char *)want[i].type,
						      .is_inline = want[i].is_inline };
		g_autoptr(GPtrArray) list = g_ptr_array_new();
		g_ptr_array_add(list, &attachment);
		g_ptr_array_add(list, &attachment);
		g_autoptr(GPtrArray) kinds = attachment_kinds(list);
		g_assert_cmpuint(kinds->len, ==, want[i].want ? 1 : 0);
		if (want[i].want)
			g_assert_cmpstr(kinds->pdata[0], ==, want[i].want);
	}
}

static void
test_utm(void)
{
	g_autoptr(GPtrArray) links = g_ptr_array_new();
	g_ptr_array_add(links,
			"https://x.example/?a=1&amp;utm_campaign=spring+sale%202027&amp;b=2");
	g_ptr_array_add(links, "https://x.example/?utm_source=second");
	g_autoptr(GHashTable) utm = utm_find(
		"see <https://x.example/p?utm_source=news%C3%A9&utm_medium=email#top> utm_term=no "
		"?utm_content=%ff&utm_id=%00x&utm_=&utm_term=",
		links);
	g_assert_cmpuint(g_hash_table_size(utm), ==, 3);
	g_assert_cmpstr(g_hash_table_lookup(utm, "utm_source"), ==, "newsé");
	g_assert_cmpstr(g_hash_table_lookup(utm, "utm_medium"), ==, "email");
	g_assert_cmpstr(g_hash_table_lookup(utm, "utm_campaign"), ==, "spring sale 2027");
	g_autoptr(GString) many = g_string_new("?");
	for (guint i = 0; i < 1000; i++)
		g_string_append_printf(many, "&utm_%c%c=1", 'a' + i % 26, 'a' + i / 26 % 26);
	g_autoptr(GHashTable) some = utm_find(many->str, NULL);
	g_assert_cmpuint(g_hash_table_size(some), ==, LIMIT_UTMS);
}

/* Time for `text` repeated up to `size` bytes, in microseconds. */
static double
measure(const struct phrases *phrases, const char *text, gsize size)
{
	g_autoptr(GString) all = g_string_new(NULL);
	while (all->len < size)
		g_string_append(all, text);
	double best = G_MAXDOUBLE;
	for (guint i = 0; i < 20; i++) {
		gint64 begin = cpu_time();
		for (guint k = 0; k < 5; k++) {
			struct content *content = find(phrases, all->str);
			content_free(content);
		}
		best = MIN(best, (cpu_time() - begin) / 5.0);
	}
	return best;
}

/* Ten times the text takes about ten times as long, whatever it is full of. */
static void
test_speed(void)
{
	g_autoptr(phrases_owned) phrases = shipped();
	static const char *const texts[] = {
		"Thank you for the documents you sent, our engineers went through them with care. ",
		"Спасибо за документы, наши инженеры внимательно их изучили и остались довольны. ",
		"感谢您发送的文件，我们的工程师已经仔细阅读。",
		"price how much by 5 March ",
		"1 2 3 4 5 6 7 8 9 0 ",
		"11.11.11.11.",
		"in 5 in 5 in 5 ",
		"????????",
		"we offer our services ",
		"&utm_a=1",
		"\377\377\377\377",
	};
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		double small = measure(phrases, texts[i], 5000);
		double large = measure(phrases, texts[i], 50000);
		g_test_message("%.1f us for 5 kB, %.1f us for 50 kB: %.24s", small, large,
			       texts[i][0] == '\377' ? "no UTF-8" : texts[i]);
		g_assert_cmpfloat(large, <, 40 * small + 2000);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/content/amounts", test_amounts);
	g_test_add_func("/content/dates", test_dates);
	g_test_add_func("/content/signals", test_signals);
	g_test_add_func("/content/past-dates", test_past_dates);
	g_test_add_func("/content/counts", test_counts);
	g_test_add_func("/content/hits", test_hits);
	g_test_add_func("/content/attachments", test_attachments);
	g_test_add_func("/content/utm", test_utm);
	g_test_add_func("/content/speed", test_speed);
	return g_test_run();
}

/* test-autoreply.c - absence notes: why, until when, and who stands in. */
#include "kind-fixture.h"

#include "mail/absence.h"
#include "mail/dates.h"

/* Written on Saturday, 21 November 2026. */
static const struct {
	const char *name, *subject, *text;
	const char *reason, *until, *substitute, *address;
	const char *zone; /* of the Date field, +0000 when NULL */
} cases[] = {
	{ "until", "Automatic reply: Offer", "I am out of the office until 5 December.",
	  "out_of_office", "2026-12-05", NULL, NULL, NULL },
	{ "range", "Automatic reply: Offer",
	  "I am on vacation from November 20 to December 5, 2026.\nI'll answer then.",
	  "out_of_office", "2026-12-05", NULL, NULL, NULL },
	{ "return-beats-until", "Automatic reply: Offer",
	  "I am on leave until 4 December and will be back on 7 December.", "out_of_office",
	  "2026-12-07", NULL, NULL, NULL },
	{ "american", "Automatic reply: Offer", "I am out of the office until 12/05/2026.",
	  "out_of_office", "2026-12-05", NULL, NULL, "-0500" },
	{ "british", "Automatic reply: Offer", "I am out of the office until 12/05/2027.",
	  "out_of_office", "2027-05-12", NULL, NULL, NULL },
	{ "weekday", "Automatic reply: Offer", "I'm away, back on Monday.", "out_of_office",
	  "2026-11-23", NULL, NULL, NULL },
	{ "weekday-unsaid", "Automatic reply: Offer", "We answer from Monday to Friday.",
	  "auto_replied", NULL, NULL, NULL, NULL },
	{ "weekday-in-note", "Automatic reply: Offer",
	  "I'm out of the office and return on Monday.", "out_of_office", "2026-11-23", NULL, NULL,
	  NULL },
	{ "no-date", "Automatic reply: Offer", "I am on leave. Our founding year: 1998.",
	  "out_of_office", NULL, NULL, NULL, NULL },
	{ "past-only", "Automatic reply: Offer", "Since 1 October 2026 I am out of the office.",
	  "out_of_office", NULL, NULL, NULL, NULL },
	{ "substitute", "Automatic reply: Offer",
	  "I am out of the office. In urgent cases please contact Max Brown at "
	  "max.brown@customer.example.",
	  "out_of_office", NULL, "Max Brown", "max.brown@customer.example", NULL },
	{ "substitute-in-brackets", "Automatic reply: Offer",
	  "I am on leave.\nPlease write to my colleague Eva Maria Kern <kern@customer.example> "
	  "instead.",
	  "out_of_office", NULL, "Eva Maria Kern", "kern@customer.example", NULL },
	{ "own-address-is-none", "Automatic reply: Offer",
	  "I am on leave. In urgent cases contact me at ann.lee@customer.example.", "out_of_office",
	  NULL, NULL, NULL, NULL },
	{ "signature-is-none", "Automatic reply: Offer",
	  "I am on leave until 5 December.\n\nAnn\n\nCustomer Ltd, info@customer.example",
	  "out_of_office", "2026-12-05", NULL, NULL, NULL },
	{ "german", "Automatische Antwort: Angebot",
	  "Ich bin vom 20. November bis zum 5. Dezember nicht im Büro. In dringenden Fällen wenden "
	  "Sie "
	  "sich bitte an Herrn Max Braun (braun@customer.example).",
	  "out_of_office", "2026-12-05", "Max Braun", "braun@customer.example", NULL },
	{ "german-back", "Abwesenheitsnotiz: Angebot",
	  "Ab dem 07.12.2026 bin ich wieder im Büro, bis "
	  "dahin im Urlaub.",
	  "out_of_office", "2026-12-07", NULL, NULL, NULL },
	{ "french", "Réponse automatique : Offre",
	  "Je suis absent du bureau jusqu'au 5 décembre 2026. Pour toute urgence, merci de vous "
	  "adresser à "
	  "Jean Petit, petit@customer.example.",
	  "out_of_office", "2026-12-05", "Jean Petit", "petit@customer.example", NULL },
	{ "spanish", "Respuesta automática: Oferta",
	  "Estoy fuera de la oficina hasta el 5 de diciembre. Para asuntos urgentes contactar a "
	  "ruiz@customer.example",
	  "out_of_office", "2026-12-05", NULL, "ruiz@customer.example", NULL },
	{ "italian", "Risposta automatica: Offerta", "Sono in ferie fino al 5 dicembre 2026.",
	  "out_of_office", "2026-12-05", NULL, NULL, NULL },
	{ "portuguese", "Resposta automática: Oferta", "Estou de férias até 5 de dezembro.",
	  "out_of_office", "2026-12-05", NULL, NULL, NULL },
	{ "dutch", "Automatisch antwoord: Offerte", "Ik ben afwezig tot 5 december.",
	  "out_of_office", "2026-12-05", NULL, NULL, NULL },
	{ "swedish", "Autosvar: Offert", "Jag är på semester och är tillbaka den 7 december.",
	  "out_of_office", "2026-12-07", NULL, NULL, NULL },
	{ "polish", "Automatyczna odpowiedź: Oferta", "Przebywam na urlopie do 5 grudnia 2026.",
	  "out_of_office", "2026-12-05", NULL, NULL, NULL },
	{ "romanian", "Răspuns automat: Ofertă", "Sunt în concediu până pe 5 decembrie 2026.",
	  "out_of_office", "2026-12-05", NULL, NULL, NULL },
	{ "russian", "Автоматический ответ: Предложение",
	  "Я в отпуске с 20 ноября по 5 декабря 2026 г. По срочным вопросам обращайтесь: Иван "
	  "Петров "
	  "petrov@customer.example",
	  "out_of_office", "2026-12-05", "Иван Петров", "petrov@customer.example", NULL },
	{ "turkish", "Otomatik yanıt: Teklif", "5 Aralık 2026 tarihine kadar izindeyim.",
	  "out_of_office", "2026-12-05", NULL, NULL, NULL },
	{ "finnish", "Automaattinen vastaus: Tarjous", "Olen lomalla 5. joulukuuta saakka.",
	  "out_of_office", "2026-12-05", NULL, NULL, NULL },
	{ "chinese", "自动答复: 报价",
	  "我在休假，12月5日回来。紧急事务请联系 wang@customer.example", "out_of_office",
	  "2026-12-05", NULL, "wang@customer.example", NULL },
	{ "japanese", "自動応答: 見積", "12月5日まで休暇をいただいております。", "out_of_office",
	  "2026-12-05", NULL, NULL, NULL },
	{ "korean", "자동 회신: 견적", "12월 5일까지 휴가입니다.", "out_of_office", "2026-12-05",
	  NULL, NULL, NULL },
	{ "notes", "AUTO: Ann Lee is out of the office (returning 12/07/2026)",
	  "I will answer then.", "out_of_office", "2026-12-07", NULL, NULL, "-0600" },
	{ "acknowledgement", "Automatic reply: Offer",
	  "We have received your message and opened a ticket.", "acknowledgement", NULL, NULL, NULL,
	  NULL },
	{ "nothing-said", "Automatic reply: Offer", "Thank you.", "auto_replied", NULL, NULL, NULL,
	  NULL },
};

static char *
as_message(guint i)
{
	g_autofree char *encoded =
		g_base64_encode((const guchar *)cases[i].subject, strlen(cases[i].subject));
	return g_strdup_printf("From: Ann Lee <ann.lee@customer.example>\nTo: sales@ours.example\n"
			       "Date: Sat, 21 Nov 2026 10:00:00 %s\nSubject: =?utf-8?B?%s?=\n"
			       "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n%s\n",
			       cases[i].zone ? cases[i].zone : "+0000", encoded, cases[i].text);
}

static void
test_notes(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *bytes = as_message(i);
		g_autoptr(message_owned) message = message_new(bytes, strlen(bytes));
		const struct auto_reply *reply = message->kind->auto_reply;
		g_test_message("%s", cases[i].name);
		g_assert_cmpint(message->kind->kind, ==, KIND_AUTO_REPLY);
		g_assert_cmpstr(reply->reason, ==, cases[i].reason);
		g_autofree char *until = NULL;
		if (reply->until) {
			g_autoptr(GDateTime) time =
				g_date_time_new_from_unix_utc(reply->until / G_TIME_SPAN_SECOND);
			until = g_date_time_format(time, "%Y-%m-%d");
		}
		g_assert_cmpstr(until, ==, cases[i].until);
		g_assert_cmpstr(reply->substitute_name, ==, cases[i].substitute);
		g_assert_cmpstr(reply->substitute_address, ==, cases[i].address);
	}
}

static void
test_apple(void)
{
	static const char text[] = "From: ann.lee@customer.example\nTo: "
				   "sales@ours.example\nSubject: Auto reply: Offer\n"
				   "X-Apple-Action: VACATION\nX-Apple-Criteria: "
				   "{kind=VACATION,startDate=2026-11-20T00:00:00Z,endDate=2026-12-"
				   "05T14:59:59Z}\n\nAway.\n";
	g_autoptr(message_owned) message = message_new(text, strlen(text));
	g_assert_cmpint(message->kind->kind, ==, KIND_AUTO_REPLY);
	g_assert_cmpstr(message->kind->auto_reply->reason, ==, "out_of_office");
	g_assert_cmpint(message->kind->auto_reply->until, ==,
			dates_day(2026, 12, 5) + (14 * 3600 + 59 * 60 + 59) * G_TIME_SPAN_SECOND);
}

static void
test_told(void)
{
	g_assert_true(absence_is_told("I'm Out Of Office today"));
	g_assert_true(absence_is_told("ICH BIN IM URLAUB"));
	g_assert_false(absence_is_told("Our office is in Graz."));
	g_assert_false(absence_is_told(""));
	g_autofree char *long_text = g_strnfill(100000, 'x');
	g_assert_false(absence_is_told(long_text));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/auto-reply/notes", test_notes);
	g_test_add_func("/auto-reply/apple", test_apple);
	g_test_add_func("/auto-reply/told", test_told);
	return g_test_run();
}

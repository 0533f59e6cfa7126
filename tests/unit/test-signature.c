/* test-signature.c - where the signature begins, and where none does. */
#include <string.h>

#include "mail/signature.h"

struct want {
	const char *text, *signature; /* NULL: none */
};

/* The author is "Berg, Ana" <ana.berg@north.example>. */
static const struct want wanted[] = {
	{ "", NULL },
	{ "\n \n", NULL },
	{ "We take 40.", NULL },
	/* delimiters */
	{ "Text.\n-- \nAna", "-- \nAna" },
	{ "Text.\n--\nAna", "--\nAna" },
	{ "Text.\n---\nAna", "---\nAna" },
	{ "Text.\n--\xc2\xa0\nAna", "--\xc2\xa0\nAna" },
	{ "Text.\n-- \n\nAna\n", "-- \n\nAna\n" },
	{ "-- \nAna", "-- \nAna" },
	{ "Text.\n________________\nAna\nNorth", "________________\nAna\nNorth" },
	{ "Text.\n\n--\n--\nRegards,\nAna", "--\n--\nRegards,\nAna" },
	{ "Look:\n--> one\n--> two\n--\nAna", "--\nAna" },
	{ "Code:\n--\n-- a comment in it\nselect 1;", NULL },
	{ "Code:\n--\nint main(void) {\n}", NULL },
	{ "Title\n---\n## Points\nand text", NULL },
	{ "Text.\n\n--", NULL },
	/* the name alone */
	{ "We take 40.\n\nAna", "Ana" },
	{ "We take 40.\n\nana", "ana" },
	{ "We take 40.\nAna", "Ana" },
	{ "We take 40.\n\nAna Berg", "Ana Berg" },
	{ "We take 40.\n\nBen", "Ben" },
	{ "We take 40.\n\nBen Miller", "Ben Miller" },
	{ "We take 40.\n\nB. J. Miller", "B. J. Miller" },
	{ "We take 40.\n\n-ana", "-ana" },
	{ "We take 40.\n\n- Ben", "- Ben" },
	{ "We take 40.\n\n—Ben", "—Ben" },
	{ "We take 40.\n\n~Ben", "~Ben" },
	{ "We take 40.\n\nYour friend, Ana.", "Your friend, Ana." },
	{ "We take 40.\n\nOld List Of Things", NULL }, /* four words are no name below nothing */
	{ "Points\n\nTerms And Conditions", NULL }, /* headings */
	{ "We take:\n- Apples\n- Pears", NULL },
	{ "Dear Ana,\n\nyes.", NULL },
	{ "Hello,\n\nWednesday.", NULL },
	{ "Hello,\n\nWednesday", NULL },
	{ "The delivery is due:\n\nIn May.", NULL },
	/* closings */
	{ "Text.\n\nThanks,\nBen", "Thanks,\nBen" },
	{ "Text.\n\nThanks,\n\nBen", "Thanks,\n\nBen" },
	{ "Text.\n\nThanks, Ben", "Thanks, Ben" },
	{ "Text.\n\nThanks. BM", "Thanks. BM" },
	{ "Text.\n\nThanks in advance,\nBen", "Thanks in advance,\nBen" },
	{ "Text.\n\nThanks for your help!\nBen", "Thanks for your help!\nBen" },
	{ "Text.\n\nBest regards\nBen Miller\nMiller & Sons",
	  "Best regards\nBen Miller\nMiller & Sons" },
	{ "Text.\n\nThanks!", NULL },
	{ "Text.\n\nBest regards", NULL },
	{ "Text.\n\nThank you for your time.", NULL },
	{ "Thanks,\nBen", NULL }, /* nothing above */
	{ "Text.\n\nMit freundlichen Grüßen\n\nJürgen Groß",
	  "Mit freundlichen Grüßen\n\nJürgen Groß" },
	{ "Texte.\n\nCordialement,\nÉmile", "Cordialement,\nÉmile" },
	{ "Texto.\n\nUn saludo,\nÓscar", "Un saludo,\nÓscar" },
	{ "Testo.\n\nCordiali saluti\nBeppe Rossi", "Cordiali saluti\nBeppe Rossi" },
	{ "Texto.\n\nAtenciosamente,\nJoão", "Atenciosamente,\nJoão" },
	{ "Tekst.\n\nMet vriendelijke groet,\nPiet de Boer",
	  "Met vriendelijke groet,\nPiet de Boer" },
	{ "Text.\n\nMed vänlig hälsning\nÅsa", "Med vänlig hälsning\nÅsa" },
	{ "Tekst.\n\nMvh\nOle", "Mvh\nOle" },
	{ "Teksti.\n\nYstävällisin terveisin\nVäinö", "Ystävällisin terveisin\nVäinö" },
	{ "Tekst.\n\nZ poważaniem\nŁukasz Nowak", "Z poważaniem\nŁukasz Nowak" },
	{ "Text.\n\nS pozdravem\nŠimon", "S pozdravem\nŠimon" },
	{ "Szöveg.\n\nÜdvözlettel,\nÁgnes", "Üdvözlettel,\nÁgnes" },
	{ "Text.\n\nCu stimă,\nȘtefan Ion", "Cu stimă,\nȘtefan Ion" },
	{ "Текст.\n\nС уважением,\nИван Петров", "С уважением,\nИван Петров" },
	{ "Текст.\n\nЗ повагою,\nОлена", "З повагою,\nОлена" },
	{ "Κείμενο.\n\nΜε εκτίμηση,\nΓιώργος", "Με εκτίμηση,\nΓιώργος" },
	{ "Metin.\n\nSaygılarımla,\nİbrahim", "Saygılarımla,\nİbrahim" },
	{ "正文。\n\n此致\n李明", "此致\n李明" },
	{ "正文。\n\n谢谢\n李明", "谢谢\n李明" },
	{ "本文です。\n\n以上\n田中", "以上\n田中" },
	{ "본문입니다.\n\n감사합니다\n김철수", "감사합니다\n김철수" },
	/* with data below */
	{ "Text.\n\nAna Berg\nHead of Sales\nNorth Inc.\n+1 212 555 0100\nwww.north.example",
	  "Ana Berg\nHead of Sales\nNorth Inc.\n+1 212 555 0100\nwww.north.example" },
	{ "Text.\n\nBen Miller\nben@north.example", "Ben Miller\nben@north.example" },
	{ "Text.\n\nAna\nx4711", "Ana\nx4711" },
	{ "Text.\n\nAna Berg - 212-555-0100", "Ana Berg - 212-555-0100" },
	{ "Call me at\n+1 212 555 0100", NULL },
	{ "The papers are on their way.\n\nSent by courier on Monday.", NULL },
	{ "The papers are on their way.\n\nSent via DHL", NULL },
	{ "My numbers are:\nhome 212 555 0100\ncell 212 555 0101", NULL },
	/* telephones and programs */
	{ "Text.\n\nSent from my iPhone", "Sent from my iPhone" },
	{ "Sent from my iPhone", "Sent from my iPhone" },
	{ "Thanks.\n\nSent from my iPad", "Sent from my iPad" },
	{ "Text.\n\nAna\n\nSent from my Galaxy", "Ana\n\nSent from my Galaxy" },
	{ "Text.\n\nGet Outlook for iOS<https://a.example>",
	  "Get Outlook for iOS<https://a.example>" },
	{ "Text.\n\nVon meinem iPhone gesendet", "Von meinem iPhone gesendet" },
	{ "Text.\n\nGesendet von Outlook für Android", "Gesendet von Outlook für Android" },
	{ "Texte.\n\nEnvoyé de mon iPhone", "Envoyé de mon iPhone" },
	{ "Texto.\n\nEnviado desde mi iPhone", "Enviado desde mi iPhone" },
	{ "Texto.\n\nEnviado do meu iPhone", "Enviado do meu iPhone" },
	{ "Testo.\n\nInviato da iPhone", "Inviato da iPhone" },
	{ "Tekst.\n\nVerstuurd vanaf mijn iPhone", "Verstuurd vanaf mijn iPhone" },
	{ "Text.\n\nSkickat från min iPhone", "Skickat från min iPhone" },
	{ "Tekst.\n\nSendt fra min iPhone", "Sendt fra min iPhone" },
	{ "Teksti.\n\nLähetetty iPhonesta", "Lähetetty iPhonesta" },
	{ "Tekst.\n\nWysłane z iPhone'a", "Wysłane z iPhone'a" },
	{ "Text.\n\nOdesláno z iPhonu", "Odesláno z iPhonu" },
	{ "Text.\n\nTrimis de pe iPhone-ul meu", "Trimis de pe iPhone-ul meu" },
	{ "Текст.\n\nОтправлено с iPhone", "Отправлено с iPhone" },
	{ "Текст.\n\nНадіслано з iPhone", "Надіслано з iPhone" },
	{ "正文。\n\n发自我的iPhone", "发自我的iPhone" },
	{ "本文。\n\niPhoneから送信", "iPhoneから送信" },
	{ "본문.\n\n나의 iPhone에서 보냄", "나의 iPhone에서 보냄" },
	/* boilerplate stands below a signature, or is one */
	{ "Text.\n\nThanks,\nAna\n\nThis message is confidential and meant for the intended "
	  "recipient only, so "
	  "please delete it if you are somebody else.",
	  "Thanks,\nAna\n\nThis message is confidential and meant for the intended recipient only, "
	  "so "
	  "please delete it if you are somebody else." },
	{ "Text.\n\n-Ana\n\n_______________________\nlist mailing list\nlist@a.example",
	  "-Ana\n\n_______________________\nlist mailing list\nlist@a.example" },
	/* prose below a name is no signature */
	{ "Text.\n\nAna,\nif there are more of them\nthan we need here\nsend them back", NULL },
	{ "Love,\nMary\n\nP.S. Your uncle says hello and sends you his best wishes.", NULL },
};

static void
test_wanted(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		const char *text = wanted[i].text;
		gsize length = strlen(text);
		gsize begin = signature_begin(text, length, "Berg, Ana", "ana.berg@north.example");
		const char *want = wanted[i].signature ? wanted[i].signature : "";

		g_assert_cmpuint(begin, <=, length);
		if (strcmp(text + begin, want) != 0) {
			g_test_message("%s\n=> \"%s\", not \"%s\"", text, text + begin, want);
			g_test_fail();
		}
	}
}

static void
test_no_author(void)
{
	static const char text[] = "Text.\n\nThanks,\nBen";

	g_assert_cmpuint(signature_begin(text, sizeof text - 1, NULL, NULL), ==, 7);
	g_assert_cmpuint(signature_begin(text, sizeof text - 1, "", ""), ==, 7);
	g_assert_cmpuint(signature_begin(text, 5, "Ben", "no-at"), ==, 5);
}

static void
test_contact(void)
{
	static const struct {
		const char *text;
		gboolean has;
	} rows[] = {
		{ "", FALSE },
		{ "Ana\nNorth", FALSE },
		{ "Ana\n+1 212 555 0100", TRUE },
		{ "Tel. 0228/123456", TRUE },
		{ "ana@north.example", TRUE },
		{ "www.north.example", TRUE },
		{ "https://north.example", TRUE },
		{ "40 seats until 2025", FALSE },
		{ "This e-mail is for the addressee only; write to legal@north.example if you are "
		  "not them.",
		  FALSE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_true(signature_has_contact(rows[i].text, strlen(rows[i].text)) ==
			      rows[i].has);
}

static void
test_boilerplate(void)
{
	static const char yes[] = "The content is CONFIDENTIAL.", no[] = "We take forty of them.";

	g_assert_true(signature_is_boilerplate(yes, sizeof yes - 1));
	g_assert_false(signature_is_boilerplate(no, sizeof no - 1));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/signature/wanted", test_wanted);
	g_test_add_func("/signature/no-author", test_no_author);
	g_test_add_func("/signature/contact", test_contact);
	g_test_add_func("/signature/boilerplate", test_boilerplate);
	return g_test_run();
}

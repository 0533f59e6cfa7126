/* test-reply.c - new text, quotes and signature, by want-tables. */
#include <string.h>

#include "base/limits.h"
#include "mail/reply.h"
#include "cpu_time.h"

static struct reply_text *
split_text(const char *text)
{
	struct mail mail = { .text = (char *)text, .from = g_ptr_array_new() };
	struct mail_address author = { "Ana Berg", "ana.berg@north.example" };
	struct reply_text *result;

	g_ptr_array_add(mail.from, &author);
	result = reply_split(&mail, NULL);
	g_ptr_array_unref(mail.from);
	return result;
}

static struct reply_text *
split_html(const char *html)
{
	g_autoptr(html_text_owned) shown = html_to_text(html, strlen(html));
	struct mail mail = { .text = "", .html_text = shown->text, .from = g_ptr_array_new() };
	struct reply_text *result = reply_split(&mail, shown);

	g_ptr_array_unref(mail.from);
	return result;
}

/* Attributions as mail clients write them in their languages, without and with line breaks. */
static const char *const attributions[] = {
	"On Tue, Mar 5, 2024 at 9:14 AM Ana Berg <ana@north.example> wrote:",
	"On Tue, Mar 5, 2024 at 9:14 AM Ana Berg\n<ana@north.example> wrote:",
	"On Tue, Mar 5, 2024 at 9:14 AM Ana Berg "
	"<\nana.with.a.long.name+12345@north.example>\nwrote:",
	"*On Tue, Mar 5, 2024 at 9:14 AM Ana Berg <ana@north.example> wrote:*",
	"On 5 Mar 2024, at 09:14, Ana Berg wrote:",
	"On Mar 5, 2024, at 9:14 AM, Ana Berg <ana@north.example> wrote:",
	"On 05/03/2024 09:14, Ana Berg wrote:",
	"At 09:14 05/03/2024, Ana Berg wrote:",
	"Ana Berg <ana@north.example> wrote:",
	"ana@north.example wrote:",
	"---- On Tue, 05 Mar 2024 09:14:00 +0100 Ana Berg <ana@north.example> wrote ----",
	"---- Ana Berg wrote ----",
	"- On 2024-03-05 09:14, Ana Berg wrote:",
	"2024-03-05 9:14 GMT+01:00 Ana Berg <ana@north.example>:",
	"05.03.2024, 09:14, \"Ana Berg\" <ana@north.example>:",
	"Tue, 5 Mar 2024 09:14:00 +0100 from Ana Berg <ana@north.example>:",
	/* German */
	"Am Di., 5. März 2024 um 09:14 Uhr schrieb Ana Berg <ana@north.example>:",
	"Am 05.03.2024 um 09:14 schrieb Ana Berg:",
	"Ana Berg <ana@north.example> schrieb am Di., 5. März 2024,\n09:14:",
	/* French */
	"Le mar. 5 mars 2024 à 09:14, Ana Berg <ana@north.example> a écrit :",
	"Le mar. 5 mars 2024 à 09:14, Ana Berg <ana@north.example> a\nécrit :",
	"Le 05/03/2024 à 09:14, Ana Berg a écrit\u00a0:",
	/* Spanish, Catalan, Portuguese, Galician */
	"El mar, 5 mar 2024 a las 9:14, Ana Berg (<ana@north.example>) escribió:",
	"El 5/3/24 a les 9:14, Ana Berg ha escrit:",
	"El dt., 5 de març 2024 a les 9:14, Ana Berg (<ana@north.example>) va\nescriure:",
	"Em ter., 5 de mar. de 2024 às 09:14, Ana Berg <ana@north.example>\nescreveu:",
	"O mar, 5 mar 2024 ás 9:14, Ana Berg <ana@north.example> escribiu:",
	/* Italian, Romanian */
	"Il giorno mar 5 mar 2024 alle ore 09:14 Ana Berg <ana@north.example> ha\nscritto:",
	"Il 05/03/24 09:14, Ana Berg ha scritto:",
	"mar., 5 mar. 2024 la 09:14, Ana Berg <ana@north.example> a scris:",
	"În mar., 5 mar. 2024 la 09:14, Ana Berg <ana@north.example> a\nscris:",
	/* Dutch, Swedish, Danish, Norwegian, Finnish, Icelandic */
	"Op di 5 mrt 2024 om 09:14 schreef Ana Berg <ana@north.example>:",
	"Op 5 mrt. 2024, om 09:14 heeft Ana Berg <ana@north.example> het volgende geschreven:",
	"Den tis 5 mars 2024 kl 09:14 skrev Ana Berg <ana@north.example>:",
	"5 mars 2024 kl. 09:14 skrev Ana Berg <ana@north.example>:",
	"Den tirs. 5. mar. 2024 kl. 09.14 skrev Ana Berg <ana@north.example>:",
	"tir. 5. mar. 2024 kl. 09:14 skrev Ana Berg <ana@north.example>:",
	"ti 5. maalisk. 2024 klo 9.14 Ana Berg (ana@north.example) kirjoitti:",
	"Ana Berg kirjoitti 5.3.2024 klo 9.14:",
	"Þann þri., 5. mar. 2024 kl. 09:14 skrifaði Ana Berg <ana@north.example>:",
	/* Polish, Czech, Slovak, Hungarian, Slovene, Croatian, Serbian */
	"wt., 5 mar 2024 o 09:14 Ana Berg <ana@north.example> napisał(a):",
	"W dniu 5.03.2024 o 09:14, Ana Berg pisze:",
	"út 5. 3. 2024 v 9:14 odesílatel Ana Berg <ana@north.example> napsal:",
	"Dne 05. 03. 24 v 9:14 Ana Berg napsal(a):",
	"ut 5. 3. 2024 o 9:14 Ana Berg <ana@north.example> napísal(a):",
	"Ana Berg <ana@north.example> ezt írta (időpont: 2024. márc. 5., K, 9:14):",
	"2024. 03. 05. 9:14 keltezéssel, Ana Berg írta:",
	"V V tor., 5. mar. 2024 ob 09:14 je oseba Ana Berg <ana@north.example> napisala:",
	"uto, 5. ožu 2024. u 09:14 Ana Berg <ana@north.example> napisao je:",
	"уто, 5. мар 2024. у 09:14 Ana Berg <ana@north.example> је написао/ла:",
	/* Russian, Ukrainian, Bulgarian, Belarusian */
	"вт, 5 мар. 2024 г. в 09:14, Ana Berg <ana@north.example>:",
	"5 марта 2024 г., 09:14 пользователь Ana Berg <ana@north.example> написал:",
	"05.03.2024 09:14, Ana Berg пишет:",
	"Вторник, 5 марта 2024, 9:14 +03:00 от Ana Berg <ana@north.example>:",
	"вт, 5 бер. 2024 р. о 09:14 Ana Berg <ana@north.example> пише:",
	"На вт, 5.03.2024 г. в 9:14 Ana Berg <ana@north.example> написа:",
	/* Baltic, Turkish, Greek, Hebrew, Arabic, Persian */
	"2024-03-05, an, 09:14 Ana Berg <ana@north.example> rašė:",
	"Ana Berg <ana@north.example> kirjutas kuupäeval T, 5. märts 2024 kell 09:14:",
	"otrd., 2024. g. 5. marts, plkst. 09:14 — lietotājs Ana Berg (<ana@north.example>) "
	"rakstīja:",
	"Ana Berg <ana@north.example>, 5 Mar 2024 Sal, 09:14 tarihinde şunu yazdı:",
	"Στις Τρί 5 Μαρ 2024 στις 9:14 π.μ., ο/η Ana Berg <ana@north.example> έγραψε:",
	"\u202bבתאריך יום ג׳, 5 במרץ 2024 ב-9:14 מאת \u202aAna Berg\u202c\u200f "
	"<\u202aana@north.example\u202c\u200f>:\u202c",
	"في الثلاثاء، 5 مارس 2024 في 9:14 ص تمت كتابة ما يلي بواسطة Ana Berg <ana@north.example>:",
	"در تاریخ سه‌شنبه ۵ مارس ۲۰۲۴، ۹:۱۴ Ana Berg "
	"<ana@north.example> "
	"نوشت:",
	/* Asia */
	"Ana Berg <ana@north.example> 于2024年3月5日周二 09:14写道：",
	"在 2024年3月5日，上午9:14，Ana Berg <ana@north.example> 写道：",
	"Ana Berg <ana@north.example> 於 2024年3月5日 週二 上午9:14寫道：",
	"At 2024-03-05 09:14:00, \"Ana Berg\" <ana@north.example> wrote:",
	"2024年3月5日(火) 9:14 Ana Berg <ana@north.example>:",
	"2024/03/05 9:14、Ana Berg <ana@north.example>のメール:",
	"2024年 3月 5日 (화) 오전 9:14, Ana Berg <ana@north.example>님이 작성:",
	"2024. 3. 5. 오전 9:14, Ana Berg <ana@north.example> 작성:",
	"Vào Th 3, 5 thg 3, 2024 vào lúc 09:14 Ana Berg <ana@north.example> đã viết:",
	"Pada Sel, 5 Mar 2024 pukul 09.14 Ana Berg <ana@north.example> menulis:",
	"ในวันที่ อ. 5 มี.ค. 2024 เวลา 09:14 Ana Berg <ana@north.example> เขียนว่า:",
	"मंगल, 5 मार्च 2024 को 9:14 am बजे को Ana Berg <ana@north.example> ने लिखा:",
};

static void
test_attributions(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(attributions); i++) {
		g_autofree char *marked = g_strdup_printf(
			"Please send the order form.\n\n%s\n\n> old words\n> more\n",
			attributions[i]);
		g_autofree char *unmarked = g_strdup_printf(
			"Please send the order form.\n\n%s\n\nold words\nmore\n", attributions[i]);
		g_autofree char *bottom =
			g_strdup_printf("%s\n> old words\n> more\n\nPlease send the order form.\n",
					attributions[i]);
		const char *const texts[] = { marked, unmarked, bottom };

		for (gsize k = 0; k < G_N_ELEMENTS(texts); k++) {
			g_autoptr(reply_text_owned) split = split_text(texts[k]);

			if (strcmp(split->new_text, "Please send the order form.") != 0) {
				g_test_message("form %zu of: %s\nnew: %s", k, attributions[i],
					       split->new_text);
				g_test_fail();
			}
		}
	}
}

/* Nothing here is an attribution, a header block or a signature: all of it stays. */
static const char *const kept[] = {
	"On Tuesday I am offline.\n\nCan we talk on Wednesday?",
	"On Tuesday:\n\nbring the papers\n\nOn Wednesday:\n\nbring the plans",
	"On your server you can run:\n\n    ps ax\n\nand look for the daemon.",
	"As I wrote:\n\nwe need 40 seats until May.",
	"The manual writes:\n\nturn it off and on again, then wait 10 minutes.",
	"In 2019 our customers wrote:\n\nmore colours, please.",
	"See the points below:\n-- first one\n-- second one\n-- third one\n\nAgreed?",
	"```\nSELECT 1;\n--\n-- the total\n--\nSELECT 2;\n```\nDoes that query look right to you?",
	"# Plan\n----\n\n1. buy\n2. sell\n\n----\n\nThe dashes are only rules in the text.",
	"Meeting:\n\nDate: 5 March 2024\nTime: 9:14\nAddress: 12 Long Street\n\nBring a pen.",
	"From: the beginning of May it costs more.\n\nIs that right?",
	"a -- with a comment -- b\n\nstill text here, and more of it.",
	"Thanks!",
	"Thank you very much for the quick answer",
	"> 100 is what we need, < 200 is too little",
};

static void
test_kept(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(kept); i++) {
		g_autoptr(reply_text_owned) split = split_text(kept[i]);

		g_assert_cmpstr(split->new_text, ==, kept[i]);
		g_assert_cmpstr(split->quoted, ==, "");
		g_assert_cmpstr(split->signature, ==, "");
	}
}

/* Header blocks: labels of From, Sent, To and Subject as programs write them. */
static const char *const header_labels[][4] = {
	{ "From:", "Sent:", "To:", "Subject:" },
	{ "*From:*", "*Sent:*", "*To:*", "*Subject:*" },
	{ "**From:**", "**Date:**", "**To:**", "**Subject:**" },
	{ "From :", "Sent :", "To :", "Subject :" },
	{ "Von:", "Gesendet:", "An:", "Betreff:" },
	{ "Von:", "Datum:", "An:", "Betreff:" },
	{ "De\u00a0:", "Envoyé\u00a0:", "À\u00a0:", "Objet\u00a0:" },
	{ "De :", "Envoyé le :", "À :", "Objet :" },
	{ "De:", "Enviado el:", "Para:", "Asunto:" },
	{ "De:", "Enviada em:", "Para:", "Assunto:" },
	{ "De:", "Enviado:", "Para:", "Assunto:" },
	{ "Da:", "Inviato:", "A:", "Oggetto:" },
	{ "Van:", "Verzonden:", "Aan:", "Onderwerp:" },
	{ "Från:", "Skickat:", "Till:", "Ämne:" },
	{ "Fra:", "Sendt:", "Til:", "Emne:" },
	{ "Lähettäjä:", "Lähetetty:", "Vastaanottaja:", "Aihe:" },
	{ "Od:", "Wysłano:", "Do:", "Temat:" },
	{ "Od:", "Odesláno:", "Komu:", "Předmět:" },
	{ "Od:", "Odoslané:", "Komu:", "Predmet:" },
	{ "Feladó:", "Elküldve:", "Címzett:", "Tárgy:" },
	{ "De la:", "Trimis:", "Către:", "Subiect:" },
	{ "От:", "Отправлено:", "Кому:", "Тема:" },
	{ "Від:", "Надіслано:", "Кому:", "Тема:" },
	{ "От:", "Изпратено:", "До:", "Относно:" },
	{ "Από:", "Στάλθηκε:", "Προς:", "Θέμα:" },
	{ "Kimden:", "Gönderildi:", "Kime:", "Konu:" },
	{ "发件人:", "发送时间:", "收件人:", "主题:" },
	{ "发件人：", "日期：", "收件人：", "主题：" },
	{ "寄件者:", "傳送時間:", "收件者:", "主旨:" },
	{ "差出人:", "送信日時:", "宛先:", "件名:" },
	{ "보낸 사람:", "보낸 날짜:", "받는 사람:", "제목:" },
	{ "Từ:", "Đã gửi:", "Đến:", "Chủ đề:" },
	{ "Dari:", "Dikirim:", "Kepada:", "Perihal:" },
	{ "מאת:", "נשלח:", "אל:", "נושא:" },
	{ "من:", "تم الإرسال:", "إلى:", "الموضوع:" },
	{ "Saatja:", "Saadetud:", "Adressaat:", "Teema:" },
	{ "Nuo:", "Išsiųsta:", "Kam:", "Tema:" },
	{ "No:", "Nosūtīts:", "Kam:", "Temats:" },
	{ "Šalje:", "Poslano:", "Prima:", "Predmet:" },
	{ "Pošiljatelj:", "Poslano:", "Za:", "Zadeva:" },
};

static void
test_header_blocks(void)
{
	static const char *const above[] = { "", "________________________________\n",
					     "-----Original Message-----\n",
					     "-----Ursprüngliche Nachricht-----\n",
					     " ------------------------------\n\n" };

	for (gsize i = 0; i < G_N_ELEMENTS(header_labels); i++)
		for (gsize k = 0; k < G_N_ELEMENTS(above); k++) {
			const char *const *l = header_labels[i];
			g_autofree char *text = g_strdup_printf(
				"We take the large one.\n\n%s%s Ana Berg <ana@north.example>\n"
				"%s Tuesday, 5 March 2024 09:14\n%s sales@south.example\n"
				"%s Our offer\n\nold words\n",
				above[k], l[0], l[1], l[2], l[3]);
			g_autoptr(reply_text_owned) split = split_text(text);

			g_assert_cmpstr(split->new_text, ==, "We take the large one.");
			g_assert_nonnull(strstr(split->quoted, "old words"));
		}
}

struct want {
	const char *text, *new_text, *signature;
};

static const struct want wanted[] = {
	{ "", "", "" },
	{ "   \n\n \n", "", "" },
	{ "\n\n  Yes, 40 seats.\n\n\n", "Yes, 40 seats.", "" },
	/* separators in several languages */
	{ "Yes.\n\n-----Original Message-----\n\nold", "Yes.", "" },
	{ "Oui.\n\n-------- Message d'origine --------\nDe : x\n\nold", "Oui.", "" },
	{ "Да.\n\n-------- Исходное сообщение --------\nold", "Да.", "" },
	{ "好的。\n\n------------------ 原始邮件 ------------------\n发件人: x\nold", "好的。",
	  "" },
	{ "Da.\n\n-------- Mesaj original --------\nold", "Da.", "" },
	{ "Yes.\n\n*-------- Original Message --------*\nold", "Yes.", "" },
	{ "FYI\n\n---------- Forwarded message ---------\nFrom: x\n\nold", "FYI", "" },
	{ "Look:\n\nBegin forwarded message:\n\n> From: x\n> old", "Look:", "" },
	{ "Yes.\n\n##- Please type your reply above this line -##\n\nold", "Yes.", "" },
	{ "Yes.\n\n> -- reply above this line --\n\nold", "Yes.", "" },
	/* only a quote: nothing is believed, or nothing is new */
	{ "> nobody says who wrote this", "> nobody says who wrote this", "" },
	{ "> On 5 Mar 2024, at 9:14, Ana <a@b.example> wrote:\n>> old", "", "" },
	{ "-----Original Message-----\nFrom: a@b.example\n\nold", "", "" },
	/* an unmarked quote with nothing above is not believed */
	{ "On 5 Mar 2024 9:14, \"Ana\" <a@b.example> wrote:\n\nWe need it in May.",
	  "We need it in May.", "" },
	{ "From: Ana <a@b.example>\nSent: Tuesday, 5 March 2024\nTo: me\n\nWe need it in May.",
	  "We need it in May.", "" },
	/* bottom-posted, interleaved */
	{ "> how many?\n\n40 of them.\n\n> and when?\n\nIn May.", "40 of them.\n\nIn May.", "" },
	{ "Hi,\n\nOn 5 Mar 2024, Ana wrote:\n> how many?\n40\n> and when?\nin May\n",
	  "Hi,\n\n40\n\nin May", "" },
	{ "top\n\nAna <a@b.example> wrote:\n| old\n| words\n", "top", "" },
	{ "top.\n\n| Name | Ana |\n| City | Bonn |\n\nIs that right?",
	  "top.\n\n| Name | Ana |\n| City | Bonn |\n\nIs that right?", "" },
	{ "top\nAB> old\nAB> words\nbottom", "top\n\nbottom", "" },
	{ "top\n> a long quoted line that the mailer of somebody else has broken into\n"
	  "pieces of text\n> and went on\nbottom",
	  "top\n\nbottom", "" },
	{ "-----Original Message-----\nFrom: Ben <b@c.example>\nSent: Monday, 4 March 2024\nTo: "
	  "Ana\n\n"
	  "> how many?\n\n40 of them.",
	  "40 of them.", "" },
	{ "Hi,\n\n----- Original Message -----\nFrom: Ben <b@c.example>\nTo: Ana\nSubject: x\n\n"
	  "> how many?\n\n40 of them.",
	  "Hi,\n\n40 of them.", "" },
	{ ">>>>> \"B\" == Ben Miller <b@c.example> writes:\n\n    B> how many\n    B> of "
	  "them?\n\n40.",
	  "40.", "" },
	/* torn attributions */
	{ "Yes.\n\nOn Tue, 5 Mar 2024 at 9:14 Ana Berg\n\n<\nmailto:ana@b.example\n> wrote:\n\nold",
	  "Yes.", "" },
	/* delimiters */
	{ "Text\n-- \nAna Berg\nNorth", "Text", "Ana Berg\nNorth" },
	{ "Text\n--\u00a0\nAna Berg", "Text", "Ana Berg" },
	{ "Text\n--\nAna Berg", "Text", "Ana Berg" },
	{ "Text\n- -- \nAna Berg", "Text", "- -- \nAna Berg" },
	{ "Text\n\n—\nAna Berg", "Text", "—\nAna Berg" },
	{ "Text\n_____________\nAna Berg", "Text", "_____________\nAna Berg" },
	{ "-- \nAna Berg", "", "Ana Berg" },
	{ "Text\n\nThanks,\nAna\n\n-- \nAna Berg\nNorth Inc.", "Text\n\nThanks,\nAna",
	  "Ana Berg\nNorth Inc." },
	/* below the quote */
	{ "Text\n\nOn 5 Mar 2024, at 9:14, X <x@y.example> wrote:\n> old\n\n-- \nAna Berg", "Text",
	  "Ana Berg" },
	/* closings */
	{ "Text.\n\nThanks,\nAna", "Text.", "Thanks,\nAna" },
	{ "Text.\n\nKind regards\n\nAna Berg\nHead of Sales\n+1 212 555 0100", "Text.",
	  "Kind regards\n\nAna Berg\nHead of Sales\n+1 212 555 0100" },
	{ "Text.\n\nSent from my iPhone", "Text.", "Sent from my iPhone" },
	{ "Text.\n\nThanks\nAna\n\nSent from my iPhone", "Text.",
	  "Thanks\nAna\n\nSent from my iPhone" },
	{ "Text.\n\nAna\n\nOn 5 Mar 2024, at 9:14, X <x@y.example> wrote:\n> old", "Text.", "Ana" },
};

static void
test_wanted(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		g_autoptr(reply_text_owned) split = split_text(wanted[i].text);

		g_assert_cmpstr(split->new_text, ==, wanted[i].new_text);
		g_assert_cmpstr(split->signature, ==, wanted[i].signature);
	}
}

/* HTML as the clients write it: { html, new text, signature } */
static const struct want wanted_html[] = {
	/* Gmail */
	{ "<div dir=\"ltr\">Yes, 40.</div><br><div class=\"gmail_quote\"><div dir=\"ltr\" "
	  "class=\"gmail_attr\">On Tue, Mar 5, 2024 at 9:14 AM Ana &lt;<a "
	  "href=\"mailto:a@b.example\">a@b.example</a>&gt; wrote:<br></div><blockquote "
	  "class=\"gmail_quote\">old</blockquote></div>",
	  "Yes, 40.", "" },
	{ "<div>Yes.</div><span class=\"gmail_signature_prefix\">-- </span><br><div dir=\"ltr\" "
	  "class=\"gmail_signature\" data-smartmail=\"gmail_signature\">Ana Berg<br>North</div>",
	  "Yes.", "Ana Berg\nNorth" },
	/* Outlook for Windows, on the web, for Mac; labels we do not know are no hindrance */
	{ "<div class=WordSection1><p class=MsoNormal>Yes.</p><div><div "
	  "style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p "
	  "class=MsoNormal><b>Kutoka:</b> Ana<br><b>Imetumwa:</b> 5 Machi</p></div></div><p "
	  "class=MsoNormal>old</p></div>",
	  "Yes.", "" },
	{ "<div>Yes.</div><hr tabindex=\"-1\"><div id=\"divRplyFwdMsg\"><b>From:</b> "
	  "Ana<br><b>Sent:</b> 5 March</div><div>old</div>",
	  "Yes.", "" },
	{ "<div>Yes.</div><div id=\"appendonsend\"></div><hr><div><b>From:</b> Ana "
	  "&lt;a@b.example&gt;<br>old</div>",
	  "Yes.", "" },
	{ "<div>Yes.</div><span id=\"OLK_SRC_BODY_SECTION\"><div>From: Ana</div>old</span>", "Yes.",
	  "" },
	{ "<div>Yes.</div><div id=\"mail-editor-reference-message-container\">old</div>", "Yes.",
	  "" },
	/* Hotmail, Zimbra */
	{ "Yes.<hr id=\"stopSpelling\">Date: 5 March<br>Subject: x<br>From: a@b.example<br>old",
	  "Yes.", "" },
	{ "<div>Yes.</div><hr id=\"zwchr\" data-marker=\"__DIVIDER__\"><div "
	  "data-marker=\"__HEADERS__\"><b>From: </b>a@b.example</div>old",
	  "Yes.", "" },
	/* Apple Mail, Thunderbird, Yahoo, Proton, GMX, Zoho, Mail.ru, Yandex, 163, QQ */
	{ "Yes.<div><br><blockquote type=\"cite\"><div>On 5 Mar 2024, at 09:14, Ana "
	  "wrote:</div>old</blockquote></div>",
	  "Yes.", "" },
	{ "<p>Yes.</p><div class=\"moz-cite-prefix\">On 5/3/24, Ana wrote:<br></div><blockquote "
	  "type=\"cite\">old</blockquote>",
	  "Yes.", "" },
	{ "<div class=\"moz-cite-prefix\">On 5/3/24, Ana wrote:<br></div><blockquote "
	  "type=\"cite\">old</blockquote><p>Yes.</p>",
	  "Yes.", "" },
	{ "<div>Yes.</div><div id=\"yahoo_quoted_4711\" class=\"yahoo_quoted\">On Tuesday Ana "
	  "wrote:<br>old</div>",
	  "Yes.", "" },
	{ "<div>Yes.</div><div class=\"protonmail_quote\">On Tuesday, Ana "
	  "wrote:<blockquote>old</blockquote></div>",
	  "Yes.", "" },
	{ "<div>Yes.</div><div name=\"quote\" style=\"border-left:2px solid #C3D9E5\"><b>Von:</b> "
	  "Ana<br>old</div>",
	  "Yes.", "" },
	{ "<div>Yes.</div><div class=\"zmail_extra\"><br>---- On Tue, Ana wrote "
	  "----<br>old</div>",
	  "Yes.", "" },
	{ "<p>Yes.</p>Вторник, 5 марта 2024, 9:14 +03:00 от Ana "
	  "&lt;a@b.example&gt;:<br><blockquote "
	  "style=\"border-left:1px solid #0857A6\">old</blockquote>",
	  "Yes.", "" },
	{ "<div>Yes.</div><div>05.03.2024, 09:14, \"Ana\" "
	  "&lt;a@b.example&gt;:</div><blockquote>old</blockquote>",
	  "Yes.", "" },
	{ "Yes.<br>At 2024-03-05 09:14:00, \"Ana\" &lt;a@b.example&gt; wrote:<blockquote "
	  "id=\"isReplyContent\">old</blockquote>",
	  "Yes.", "" },
	{ "<div>Yes.</div><div>------------------&nbsp;原始邮件&nbsp;------------------</div>"
	  "<div>发件人: Ana</div><div>old</div>",
	  "Yes.", "" },
	/* one div around reply and quote */
	{ "<div>Yes.<br><div>On 5 Mar 2024, at 09:14, Ana &lt;a@b.example&gt; "
	  "wrote:</div><div>old</div></div>",
	  "Yes.", "" },
	{ "<div>Yes.<br><br>From: Ana<br>Sent: 5 March 2024<br>To: me<br>Subject: "
	  "x<br><br>old</div>",
	  "Yes.", "" },
	/* an indented passage of the author's is no quote */
	{ "<p>The law says:</p><blockquote>Nobody may.</blockquote>",
	  "The law says:\n\nNobody may.", "" },
	/* answers inside the quote stay with it; a footer is no answer */
	{ "<p>See below.</p><blockquote type=cite>old question</blockquote><p>We take forty of "
	  "them in May.</p>",
	  "See below.\n\nold question\n\nWe take forty of them in May.", "" },
	{ "<p>Yes.</p><blockquote type=cite>old</blockquote><p>This e-mail is confidential and "
	  "only "
	  "for you.</p>",
	  "Yes.\n\nThis e-mail is confidential and only for you.", "" },
	/* closings are text unless they carry contact data */
	{ "<p>Yes.</p><p>Thanks,<br>Ana</p>", "Yes.\n\nThanks,\nAna", "" },
	{ "<p>Yes.</p><p>Thanks,<br>Ana Berg<br>+1 212 555 0100</p>", "Yes.",
	  "Thanks,\nAna Berg\n+1 212 555 0100" },
};

static void
test_wanted_html(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(wanted_html); i++) {
		g_autoptr(reply_text_owned) split = split_html(wanted_html[i].text);

		if (g_strcmp0(split->new_text, wanted_html[i].new_text) != 0)
			g_test_message("html: %s", wanted_html[i].text);
		g_assert_cmpstr(split->new_text, ==, wanted_html[i].new_text);
		g_assert_cmpstr(split->signature, ==, wanted_html[i].signature);
	}
}

/* text/plain wins over HTML; the language is that of the new text. */
static void
test_choice_and_language(void)
{
	g_autoptr(html_text_owned) html = html_to_text("<p>Hallo</p>", 12);
	struct mail mail = { .text = "We would like to order.\n\n> Wir haben das Angebot für Sie\n",
			     .html_text = html->text,
			     .truncated = TRUE,
			     .from = g_ptr_array_new() };
	g_autoptr(reply_text_owned) split = reply_split(&mail, html);

	g_ptr_array_unref(mail.from);
	g_assert_cmpstr(split->new_text, ==, "We would like to order.");
	g_assert_cmpstr(split->quoted, ==, "> Wir haben das Angebot für Sie");
	g_assert_cmpstr(split->language, ==, "en");
	g_assert_true(split->truncated);
}

/* More lines than are looked at: what is below goes where the last line went. */
static void
test_many_lines(void)
{
	g_autoptr(GString) text = g_string_new("Yes.\n\n");

	for (guint i = 0; i < LIMIT_LINES + 100; i++)
		g_string_append(text, "> old\n");
	g_autoptr(reply_text_owned) split = split_text(text->str);
	g_assert_cmpstr(split->new_text, ==, "Yes.");
	g_assert_cmpuint(strlen(split->quoted), >, LIMIT_LINES * 6);
}

/* Time of one split, in microseconds, of `piece` repeated to `bytes`. */
static gint64
time_of(const char *piece, gsize bytes)
{
	g_autoptr(GString) text = g_string_new("Yes.\n");
	gint64 best = G_MAXINT64;

	while (text->len < bytes)
		g_string_append(text, piece);
	for (guint i = 0; i < 3; i++) {
		gint64 begin = cpu_time();
		g_autoptr(reply_text_owned) split = split_text(text->str);

		g_assert_nonnull(split);
		best = MIN(best, cpu_time() - begin);
	}
	return best;
}

/* Ten times the input may cost some ten times the time, never a hundred. */
static void
test_linear(void)
{
	static const char *const pieces[] = {
		">\n",
		"> > > quoted words of somebody\n",
		"-- \n",
		"--\n",
		":\n",
		"a@b.example:\n",
		"On 5 Mar 2024 9:14 <a@b.example\n",
		"wrote:\n",
		"From: a\n",
		"From: a\nSent: b\n",
		"Thanks,\n",
		"-----\n",
		"-- a --\n",
		"| a\n",
		"AB> a\n",
		"@",
		"1",
		"On 2024 ",
		"<",
		"Best regards, Ana\n",
		"\xc2\xa0",
		"> a\nb\n",
		"____________\n",
		"あ",
		"написал:\n",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		gint64 small = time_of(pieces[i], 12 * 1024),
		       large = time_of(pieces[i], 120 * 1024);

		if (large > 400000 || large > (small + 400) * 40) {
			g_test_message("%zu %s: %" G_GINT64_FORMAT " then %" G_GINT64_FORMAT " us",
				       i, pieces[i], small, large);
			g_test_fail();
		}
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/reply/attributions", test_attributions);
	g_test_add_func("/reply/kept", test_kept);
	g_test_add_func("/reply/header-blocks", test_header_blocks);
	g_test_add_func("/reply/wanted", test_wanted);
	g_test_add_func("/reply/html", test_wanted_html);
	g_test_add_func("/reply/choice-and-language", test_choice_and_language);
	g_test_add_func("/reply/many-lines", test_many_lines);
	g_test_add_func("/reply/linear", test_linear);
	return g_test_run();
}

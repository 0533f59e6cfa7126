/* test-language.c - the language of short texts such as replies are. */
#include <string.h>

#include "mail/language.h"

struct want {
	const char *code, *text;
};

static const struct want wanted[] = {
	{ "", "" },
	{ "", "42" },
	{ "", "ok" },
	{ "", "https://the.example/and/of/is" },
	{ "en", "Thanks, that would be great." },
	{ "en", "Could you please send us the price list?" },
	{ "en", "Yes, we need 40 of them." },
	{ "de", "Vielen Dank, das passt uns gut." },
	{ "de", "Bitte senden Sie uns ein Angebot." },
	{ "de", "Wann können wir telefonieren?" },
	{ "fr", "Merci pour votre réponse." },
	{ "fr", "Pouvez-vous nous envoyer une offre ?" },
	{ "es", "Muchas gracias por la información." },
	{ "es", "¿Cuándo podemos hablar con usted?" },
	{ "it", "Grazie per la risposta, va bene." },
	{ "it", "Vorrei ricevere il vostro listino." },
	{ "pt", "Obrigado, gostaria de mais detalhes." },
	{ "nl", "Bedankt voor het snelle antwoord." },
	{ "nl", "Kunt u ons een offerte sturen met de prijs?" },
	{ "sv", "Tack för svaret, det blir bra." },
	{ "da", "Tak for jeres tilbud, hvad koster det?" },
	{ "no", "Takk for tilbudet, hva koster det?" },
	{ "fi", "Kiitos, tämä sopii minulle." },
	{ "pl", "Dziękuję, proszę o ofertę." },
	{ "cs", "Děkuji, prosím o nabídku." },
	{ "sk", "Ďakujem, prosím o ponuku." },
	{ "hu", "Köszönöm, ez nekem jó lenne." },
	{ "ro", "Mulțumesc, vă rog să ne trimiteți oferta." },
	{ "ro", "Buna ziua, va rog oferta si pretul." },
	{ "tr", "Teşekkürler, bu bizim için çok iyi." },
	{ "hr", "Hvala, molim ponudu za 40 komada ako može." },
	{ "sl", "Hvala, prosim za ponudbo, lahko tudi jutri." },
	{ "lt", "Ačiū, prašome atsiųsti kainą." },
	{ "lv", "Paldies, lūdzu atsūtiet cenu." },
	{ "et", "Tänan, palun saatke meile hind." },
	{ "vi", "Cảm ơn bạn, chúng tôi cần báo giá." },
	{ "id", "Terima kasih, mohon kirim harga untuk kami." },
	{ "ca", "Gràcies, molt bon dia, els preus són correctes." },
	{ "ru", "Спасибо, нам это подходит." },
	{ "ru", "Пришлите пожалуйста прайс" },
	{ "uk", "Дякую, надішліть будь ласка ціну." },
	{ "bg", "Благодаря, моля изпратете оферта." },
	{ "sr", "Хвала, молим понуду." },
	{ "el", "Ευχαριστώ πολύ." },
	{ "he", "תודה רבה" },
	{ "ar", "شكرا، نحن نحتاج إلى عرض" },
	{ "ar", "حسنا" },
	{ "fa", "ممنون، لطفا قیمت را برای ما بفرستید" },
	{ "ur", "شکریہ، یہ ٹھیک ہے" },
	{ "hi", "धन्यवाद, यह ठीक है" },
	{ "th", "ขอบคุณครับ" },
	{ "ko", "감사합니다. 견적서를 보내 주세요." },
	{ "ja", "ありがとうございます。見積書をお願いします。" },
	{ "ja", "了解です。" },
	{ "zh", "谢谢，请发给我报价。" },
	{ "zh", "好的，Thanks" },
	{ "hy", "Շնորհակալություն" },
	{ "ka", "გმადლობთ" },
	/* addresses and names do not count */
	{ "de", "Danke, bitte an the.best@the.example und https://and.example/you" },
};

static void
test_wanted(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		char code[4] = "??";

		language_detect(wanted[i].text, strlen(wanted[i].text), code);
		if (strcmp(code, wanted[i].code) != 0) {
			g_test_message("%s: \"%s\", not \"%s\"", wanted[i].text, code,
				       wanted[i].code);
			g_test_fail();
		}
	}
}

/* A cut inside a character, and bytes that are none. */
static void
test_odd_bytes(void)
{
	g_autoptr(GString) text = g_string_new("a");
	char code[4];

	while (text->len < 9000)
		g_string_append(text, "я");
	language_detect(text->str, text->len, code);
	g_assert_cmpstr(code, ==, "");
	for (gsize length = 0; length < 40; length++)
		language_detect(text->str, length, code);
	language_detect("\xff\xfe\xc3", 3, code);
	g_assert_cmpstr(code, ==, "");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/language/wanted", test_wanted);
	g_test_add_func("/language/odd-bytes", test_odd_bytes);
	return g_test_run();
}

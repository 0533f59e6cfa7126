/*
 * signature_words.c - closings, "sent from my …" and boilerplate in many languages.
 *
 * Lists are split and put in buckets by first byte once, and kept for good: a line is compared
 * with a handful of phrases.
 */
#include "mail/signature_words.h"

#include <string.h>

/* How letters end; a line begins with one of them. */
static const char closings[] =
	"thanks|thank you|thank u|thx|tks|thnx|many thanks|best|best regards|best wishes|"
	"kind regards|kindest regards|warm regards|warmest regards|warmly|regards|rgds|"
	"brgds|br|b.r.|kr|cheers|sincerely|sincerely yours|yours|yours sincerely|"
	"yours faithfully|yours truly|very truly yours|respectfully|cordially|take care|"
	"all the best|all best|love|much love|with love|xoxo|ciao|talk soon|"
	"talk to you soon|speak soon|see you|see ya|cya|later|have a great day|"
	"have a nice day|have a good day|with best regards|with kind regards|with regards|"
	"with thanks|your friend|your pal|at your service|looking forward|in appreciation|"
	"gratefully|"
	/* de */
	"mit freundlichen grüßen|mit freundlichen grüssen|mit freundlichem gruß|"
	"mit freundlichem gruss|freundliche grüße|freundliche grüsse|mit besten grüßen|"
	"mit besten grüssen|beste grüße|beste grüsse|viele grüße|viele grüsse|liebe grüße|"
	"liebe grüsse|lieben gruß|lieben gruss|schöne grüße|herzliche grüße|"
	"herzliche grüsse|mit herzlichen grüßen|gruß|gruss|grüße|grüsse|mfg|lg|vg|"
	"hochachtungsvoll|danke|vielen dank|besten dank|herzlichen dank|beste grüsse|"
	"mit lieben grüßen|viele liebe grüße|"
	/* fr */
	"cordialement|bien cordialement|très cordialement|cdt|cdlt|bien à vous|bien à toi|"
	"sincères salutations|salutations|meilleures salutations|respectueusement|"
	"amicalement|à bientôt|merci|merci d'avance|bonne journée|bonne réception|"
	"belle journée|"
	/* es, ca, pt, gl */
	"saludos|un saludo|un cordial saludo|saludos cordiales|cordiales saludos|"
	"atentamente|atte|muchas gracias|gracias|un abrazo|abrazos|salutacions|atentament|"
	"gràcies|moltes gràcies|atenciosamente|att|cumprimentos|melhores cumprimentos|"
	"com os melhores cumprimentos|cordialmente|abraços|abraço|um abraço|obrigado|"
	"obrigada|muito obrigado|muito obrigada|grato|grata|"
	/* it, ro */
	"cordiali saluti|distinti saluti|un cordiale saluto|saluti|un saluto|grazie|"
	"grazie mille|a presto|cordialità|buona giornata|cu stimă|cu stima|cu respect|"
	"cu drag|mulțumesc|multumesc|mulțumim|multumim|toate cele bune|o zi bună|o zi buna|"
	"cu consideratie|cu considerație|cu prietenie|"
	/* nl, sv, da, no, fi, is */
	"met vriendelijke groet|met vriendelijke groeten|vriendelijke groet|"
	"vriendelijke groeten|hartelijke groet|hartelijke groeten|groeten|groet|groetjes|"
	"mvg|m.v.g.|met dank|bedankt|dank|alvast bedankt|med vänlig hälsning|"
	"med vänliga hälsningar|vänliga hälsningar|vänlig hälsning|bästa hälsningar|"
	"hälsningar|hälsning|mvh|tack|tack på förhand|med venlig hilsen|venlig hilsen|"
	"venlige hilsner|de bedste hilsner|bedste hilsner|mange hilsner|kærlig hilsen|"
	"hilsen|kh|vh|dbh|tak|på forhånd tak|mange tak|med vennlig hilsen|vennlig hilsen|"
	"beste hilsen|takk|på forhånd takk|ystävällisin terveisin|terveisin|t.|yt|kiitos|"
	"parhain terveisin|bestu kveðjur|kveðja|"
	/* pl, cs, sk, hu, sl, hr, sr, bs */
	"pozdrawiam|pozdrawiam serdecznie|serdecznie pozdrawiam|z poważaniem|"
	"z wyrazami szacunku|z pozdrowieniami|pozdrowienia|pozdro|dziękuję|dzięki|"
	"s pozdravem|s přátelským pozdravem|hezký den|zdraví|děkuji|díky|děkujeme|s úctou|"
	"s pozdravom|s priateľským pozdravom|ďakujem|pekný deň|üdvözlettel|tisztelettel|"
	"üdv|köszönettel|köszönöm|lep pozdrav|lp|s spoštovanjem|hvala|srdačan pozdrav|"
	"lijep pozdrav|s poštovanjem|pozdrav|srdačno|"
	/* lt, lv, et, tr, sq */
	"pagarbiai|ačiū|geros dienos|ar cieņu|paldies|lugupidamisega|tervitades|"
	"parimate soovidega|tänan|saygılarımla|saygılar|iyi çalışmalar|sevgiler|"
	"teşekkürler|iyi günler|selamlar|me respekt|faleminderit|"
	/* el, ru, uk, bg, sr, be */
	"με εκτίμηση|φιλικά|ευχαριστώ|χαιρετισμούς|с уважением|с наилучшими пожеланиями|"
	"всего доброго|всего хорошего|с почтением|спасибо|заранее спасибо|благодарю|"
	"искренне ваш|с приветом|з повагою|з найкращими побажаннями|дякую|щиро дякую|"
	"поздрави|с уважение|благодаря|с поздрав|с поштовањем|поздрав|хвала|"
	"срдачан поздрав|з павагай|"
	/* he, ar, fa, hi, th, vi, id */
	"בברכה|בתודה|תודה|מכבד|مع تحياتي|مع أطيب التحيات|تحياتي|شكرا|شكراً|وتفضلوا بقبول|"
	"با احترام|با تشکر|ارادتمند|सादर|धन्यवाद|ขอแสดงความนับถือ|ขอบคุณ|trân trọng|"
	"thân ái|cảm ơn|xin cảm ơn|hormat kami|hormat saya|salam|terima kasih|salam hormat|"
	/* zh, ja, ko */
	"此致|祝好|谢谢|謝謝|顺颂商祺|順頌商祺|敬上|致敬|敬祝|祝商祺|敬具|よろしくお願い|"
	"宜しくお願い|以上|감사합니다|고맙습니다|드림|올림|";

/* What telephones and programs put under a message; a line begins with one. */
static const char sent_from[] =
	"sent from my|sent from a |sent from an |sent from outlook|sent from mail for|"
	"sent from mail on|sent from yahoo|sent from samsung|sent from the|"
	"sent from iphone|sent from proton|sent from gmail|sent from mobile|"
	"sent from myphone|sent from nine|sent from spark|sent from aol|"
	"sent from mailspring|sent from blue|sent from fastmail|sent from hey|"
	"sent from airmail|sent from android|sent from windows|sent from smartphone|"
	"sent from surface|sent from commander|sent from front|sent from tutanota|"
	"sent with proton|sent with airmail|sent with spark|sent with unibox|"
	"sent with mailtrack|sent with shift|sent with tuta|"
	"sent wirelessly|sent mobile|get outlook for|"
	"get bluemail for|download outlook|via mobile|typed on|please excuse typos|"
	"please excuse my brevity|excuse my brevity|excuse typos|apologies for typos|"
	"von meinem|gesendet von|gesendet mit|gesendet vom|gesendet über|gesendet aus|"
	"diese nachricht wurde von meinem|envoyé de mon|envoyé depuis|envoyé à partir|"
	"envoyé sans fil|envoyé avec|envoyé du|télécharger outlook|"
	"obtenez outlook|enviado desde|enviado con|enviat des de|enviado do meu|"
	"enviado a partir|enviado via|enviado pelo|enviado de meu|enviado do|"
	"enviada do meu|obtener outlook|obter o outlook|obter outlook|inviato da|"
	"inviato dal|inviato con|scarica outlook|ottieni outlook|verzonden vanaf|"
	"verstuurd vanaf|verzonden met|verstuurd met|verzonden via|outlook voor|"
	"skickat från|skickad från|skickat med|hämta outlook|sendt fra|sendt via|sendt med|"
	"hent outlook|få outlook|lähetetty|hanki outlook|wysłane z|wysłano z|"
	"pobierz outlook|odesláno z|odoslané z|získat outlook|elküldve|küldve a|"
	"az iphone-omról küldve|outlook beszerzése|trimis de pe|trimis din|trimis cu|"
	"poslano s|poslano iz|poslato sa|poslano z|išsiųsta iš|nosūtīts no|saadetud minu|"
	"iphone'umdan gönderildi|iphone'dan gönderildi|gönderildi|στάλθηκε από|"
	"отправлено с|отправлено из|отправлено через|отправлено от|надіслано з|"
	"надіслано через|изпратено от|послато са|נשלח מה|נשלח מ|أرسلت من|أُرسلت من|"
	"تم الإرسال من|ارسال شده از|ส่งจาก|gửi từ|được gửi từ|đã gửi từ|dikirim dari|"
	"dihantar dari|发自我的|來自我的|從我的|从我的|发自|取得 outlook|获取 "
	"outlook|發自我的|iphoneから送信|ipadから送信|"
	"私のiphone|androidから送信|나의 iphone에서 보냄|내 iphone에서 보냄|iphone에서 "
	"보냄|갤럭시에서 보냄|"
	"outlook for ios|outlook für|outlook pour|"
	"sent with my|sent from a|sent from our|sent from work|posted from my|"
	"written on my|mobile email|von unterwegs|von samsung|vom handy|vom iphone|"
	"mobil gesendet|diese e-mail wurde von meinem|verzonden van|verstuurd van|"
	"verstuurd via|envoyé via|message envoyé depuis|enviado mediante|"
	"enviada a partir|enviado a través|inviata da|inviato tramite|skickades från|"
	"skickat via|sendt frå|lähetetty minun|wysłane przez|wysłano ze|wysłane ze|"
	"odesláno ze|odoslané zo|mobilról|iphone-ról küldve|az ipademről küldve|"
	"expediat de pe|trimis prin|telefonumdan|ipad'imden|отправлено со|"
	"отправлено моим|надіслано від|надіслано із|изпратено с|изпратено чрез|послано са|"
	"由我的|由 iphone|寄自|傳送自|从 "
	"outlook|發送自|来自我的|ipadから|スマートフォンから|携帯から|"
	"outlook for ios を|내 갤럭시|samsung 모바일|모바일에서|được gửi|gửi bằng|kirim dari|"
	"dari iphone|ส่งจากของฉัน|i̇phone'umdan|sent on my|sent on the go|sent via the samsung|sent "
	"via blackberry|sent via iphone|sent via mobile|sent via superhuman|sent via my|sent using "
	"my|sent using the|sent using proton|sent using zoho|";

/* Words only the boilerplate of companies, lists and virus scanners has. */
static const char boilerplate[] =
	"confidential|intended recipient|intended solely|privileged|disclaimer|"
	"please notify the sender|unauthorized|unauthorised|think before you print|"
	"before printing|consider the environment|vertraulich|irrtümlich|unbefugt|"
	"confidentiel|destinataire|avant d'imprimer|confidencial|destinatario|"
	"antes de imprimir|medio ambiente|riservat|esclusivamente|destinatário|"
	"vertrouwelijk|geadresseerde|fortrolig|konfidentiell|luottamuksel|poufn|důvěrn|"
	"bizalmas|confidențial|gizli|конфиденциальн|конфіденційн|εμπιστευτικ|保密|機密|기밀|"
	"mailing list|mailman/listinfo|unsubscribe|google groups|registered in england|"
	"registered office|geschäftsführer|amtsgericht|handelsregister|ust-id|virus-free|"
	"virenfrei|scanned by|avast|";

struct phrases_by_byte {
	GPtrArray *buckets[256];
};

static void *
split_list(void *list)
{
	struct phrases_by_byte *phrases = g_new0(struct phrases_by_byte, 1);
	char **names = g_strsplit(list, "|", -1);

	for (char **name = names; *name; name++) {
		GPtrArray **bucket = &phrases->buckets[(guchar) * *name];

		if (!**name) { /* after the last '|' */
			g_free(*name);
			continue;
		}
		if (!*bucket)
			*bucket = g_ptr_array_new();
		g_ptr_array_add(*bucket, *name);
	}
	g_free(names); /* the names stay */
	return phrases;
}

/* The length of the longest phrase `line` begins with, 0 when none. */
static gsize
longest_prefix(const struct phrases_by_byte *phrases, const char *line)
{
	const GPtrArray *bucket = phrases->buckets[(guchar)*line];
	gsize best = 0;

	for (guint i = 0; bucket && i < bucket->len; i++) {
		const char *phrase = bucket->pdata[i];
		gsize length = strlen(phrase);

		if (length > best && strncmp(line, phrase, length) == 0 &&
		    !g_ascii_isalnum(line[length]))
			best = length;
	}
	return best;
}

gsize
signature_words_closing(const char *line)
{
	static GOnce once = G_ONCE_INIT;

	return longest_prefix(g_once(&once, split_list, (void *)closings), line);
}

gboolean
signature_words_sent_from(const char *line)
{
	static GOnce once = G_ONCE_INIT;

	return longest_prefix(g_once(&once, split_list, (void *)sent_from), line) > 0;
}

gboolean
signature_words_boilerplate(const char *line)
{
	static GOnce once = G_ONCE_INIT;
	const struct phrases_by_byte *phrases = g_once(&once, split_list, (void *)boilerplate);

	for (const char *p = line; *p; p++) {
		const GPtrArray *bucket = phrases->buckets[(guchar)*p];

		for (guint i = 0; bucket && i < bucket->len; i++)
			if (strncmp(p, bucket->pdata[i], strlen(bucket->pdata[i])) == 0)
				return TRUE;
	}
	return FALSE;
}

/*
 * form_labels.c - see form_labels.h.
 *
 * Names as form builders write them by default and as people name their fields: English, German,
 * French, Spanish, Italian, Portuguese, Polish, Dutch, Romanian, Russian, Ukrainian, Chinese.
 * They are folded when the table is made, so accents need not be doubled.
 */
#include "mail/form_labels.h"

#include <string.h>

#include "base/limits.h"
#include "mail/fold.h"

struct label_row {
	const char *key;
	const char *names; /* separated by '|' */
};

static const struct label_row rows[] = {
	{ "name", "name|nom|nombre|nome|nume|numele|full name|fullname|first and last name|first "
		  "name last name|name surname|"
		  "name and surname|contact name|contact person|contact|person|from name|nickname|"
		  "vollständiger name|vor und nachname|vorname nachname|vor nachname|name vorname|"
		  "ansprechpartner|ansprechpartnerin|kontaktperson|nom complet|nom et prénom|"
		  "nom prénom|prénom et nom|nom et prénoms|nombre completo|nombre y apellidos|"
		  "nombre y apellido|nombre apellidos|nome completo|nome e cognome|nome cognome|"
		  "cognome e nome|nominativo|nome e apelido|nome e sobrenome|imię i nazwisko|"
		  "volledige naam|naam|nume și prenume|nume prenume|prenume și nume|nume complet|"
		  "numele și prenumele|имя|ваше имя|как вас зовут|фио|ф.и.о.|ф и о|полное имя|"
		  "имя и фамилия|имя фамилия|фамилия и имя|фамилия имя|фамилия имя отчество|"
		  "контактное лицо|ім'я|пib|піб|ім'я та прізвище|姓名|名字|称呼|联系人|聯絡人|"
		  "联系人姓名|联络人|全名|您的姓名|真实姓名" },
	{ "first_name", "first name|firstname|fname|given name|forename|vorname|prénom|prenom|"
			"primer nombre|nome proprio|primeiro nome|imię|voornaam|prenume|prenumele|"
			"名" },
	{ "last_name", "last name|lastname|lname|surname|family name|nachname|familienname|"
		       "nom de famille|apellido|apellidos|cognome|apelido|sobrenome|nazwisko|"
		       "achternaam|nume de familie|фамилия|прізвище|姓|姓氏" },
	{ "email", "email|e mail|mail|email address|e mail address|mail address|emailaddress|"
		   "business email|work email|company email|corporate email|business e mail|"
		   "contact email|contact e mail|from email|reply to|mail adresse|email adresse|"
		   "e mail adresse|mailadresse|emailadresse|courriel|adresse mail|adresse email|"
		   "adresse e mail|adresse électronique|adresse de courriel|email professionnel|"
		   "correo|correo electrónico|correo electronico|dirección de correo|"
		   "dirección de correo electrónico|correo de contacto|dirección de email|"
		   "indirizzo email|indirizzo e mail|indirizzo mail|posta elettronica|"
		   "endereço de email|endereço de e mail|endereço eletrónico|correio eletrônico|"
		   "correio eletrónico|adres email|adres e mail|adres mailowy|e mailadres|"
		   "emailadres|adresa de email|adresă de email|adresa email|adresă email|"
		   "adresa e mail|poștă electronică|почта|эл. почта|эл почта|электронная почта|"
		   "адрес электронной почты|емейл|имейл|е mail|электронный адрес|емайл|"
		   "електронна пошта|пошта|邮箱|电子邮箱|电子邮件|邮箱地址|邮件地址|电邮|邮件|"
		   "電子郵件|電郵|信箱|e mail地址|email地址|联系邮箱" },
	{ "phone", "phone|telephone|tel|phone number|telephone number|tel no|tel nr|contact number|"
		   "contact phone|mobile|mobile phone|mobile number|cell|cell phone|cellphone|"
		   "cell number|mobile no|phone no|work phone|business phone|office phone|"
		   "daytime phone|whatsapp|whatsapp number|phone mobile|telefon|telefonnummer|"
		   "rufnummer|handy|handynummer|mobil|mobilnummer|mobiltelefon|tel.|tel nummer|"
		   "téléphone|numéro de téléphone|n° de téléphone|portable|mobile téléphone|"
		   "teléfono|número de teléfono|telefono|teléfono móvil|móvil|celular|"
		   "numero di telefono|recapito telefonico|cellulare|telefone|número de telefone|"
		   "telemóvel|contacto telefónico|numer telefonu|nr telefonu|telefon kontaktowy|"
		   "telefon komórkowy|komórka|telefoon|telefoonnummer|mobiel|număr de telefon|"
		   "nr de telefon|nr telefon|numărul de telefon|telefon mobil|телефон|"
		   "номер телефона|контактный телефон|мобильный|мобильный телефон|моб телефон|"
		   "сотовый|сотовый телефон|тел|номер телефону|контактний телефон|мобільний|电话|"
		   "手机|联系电话|手机号|手机号码|电话号码|联系方式|移动电话|電話|聯絡電話|手機|"
		   "電話號碼|座机" },
	{ "company", "company|company name|companyname|organization|organisation|"
		     "organization name|organisation name|business|business name|firm|"
		     "firm name|employer|institution|company organization|company organisation|"
		     "firma|firmenname|unternehmen|unternehmensname|organisationsname|betrieb|"
		     "name der firma|société|nom de la société|nom de l'entreprise|entreprise|"
		     "raison sociale|organisme|empresa|nombre de la empresa|nombre de empresa|"
		     "compañía|organización|razón social|azienda|società|nome azienda|"
		     "ragione sociale|ditta|nome dell'azienda|organizzazione|nome da empresa|"
		     "organização|companhia|nazwa firmy|przedsiębiorstwo|organizacja|bedrijf|"
		     "bedrijfsnaam|organisatie|companie|compania|firmă|nume companie|"
		     "numele companiei|denumire firmă|denumirea companiei|numele firmei|"
		     "nume firmă|organizație|societate|компания|организация|фирма|"
		     "название компании|наименование компании|название организации|"
		     "наименование организации|предприятие|место работы|компанія|організація|"
		     "назва компанії|公司|公司名称|公司名|单位|单位名称|企业名称|企业|公司名稱|"
		     "机构|所在公司|公司/单位" },
	{ "title", "title|job title|jobtitle|position|role|job role|function|job function|"
		   "job position|designation|occupation|profession|position in company|funktion|"
		   "berufsbezeichnung|beruf|stelle|tätigkeit|position im unternehmen|fonction|"
		   "poste|profession|intitulé du poste|puesto|cargo|puesto de trabajo|función|"
		   "profesión|ruolo|posizione|qualifica|funzione|mansione|função|profissão|"
		   "stanowisko|funkcja|functie|functietitel|funcție|funcția|poziție|post|"
		   "должность|позиция|роль|посада|职位|职务|職位|職務|职称|岗位|头衔" },
	{ "country", "country|country region|country name|country of residence|nation|"
		     "country territory|land|staat|herkunftsland|pays|país|paese|nazione|stato|"
		     "kraj|państwo|țară|țara|tara|страна|країна|国家|國家|国家地区|国家/地区|"
		     "所在国家" },
	{ "message", "message|your message|messages|message body|message text|comment|comments|"
		     "comments questions|questions comments|comments or questions|question|"
		     "questions|enquiry|inquiry|your enquiry|your inquiry|description|details|"
		     "request|request details|project details|project description|"
		     "tell us about your project|how can we help|how can we help you|"
		     "what can we help you with|additional information|additional info|"
		     "additional comments|notes|note|remarks|text|body|content|feedback|"
		     "nachricht|ihre nachricht|mitteilung|kommentar|kommentare|bemerkung|"
		     "bemerkungen|anmerkung|anmerkungen|anfrage|ihre anfrage|frage|fragen|"
		     "nachrichtentext|ihr anliegen|anliegen|beschreibung|"
		     "commentaire|commentaires|votre demande|demande|remarques|question s|"
		     "votre message|mensaje|su mensaje|comentario|comentarios|consulta|pregunta|"
		     "solicitud|observaciones|descripción|messaggio|commento|commenti|richiesta|"
		     "domanda|note aggiuntive|testo|testo del messaggio|mensagem|comentário|"
		     "pergunta|pedido|observações|wiadomość|treść wiadomości|treść|zapytanie|"
		     "komentarz|uwagi|pytanie|bericht|opmerking|opmerkingen|vraag|mesaj|mesajul|"
		     "mesajul dvs|întrebare|comentariu|comentarii|cerere|solicitare|observații|"
		     "сообщение|текст сообщения|текст|комментарий|комментарии|вопрос|ваш вопрос|"
		     "запрос|примечание|описание|текст обращения|обращение|повідомлення|"
		     "коментар|питання|запит|留言|留言内容|内容|信息|消息|备注|咨询内容|需求|"
		     "需求描述|问题|您的留言|詢問內容|留言內容|內容|询盘内容|项目描述|"
		     "具体需求|描述|说明" },
	{ "subject", "subject|topic|regarding|re|reason|reason for contact|reason for contacting|"
		     "inquiry type|enquiry type|betreff|thema|grund|objet|sujet|asunto|tema|"
		     "motivo|oggetto|argomento|assunto|temat|onderwerp|subiect|subiectul|тема|"
		     "тема сообщения|тема письма|тема обращения|主题|标题|主旨|主題|標題" },
	{ "url", "website|web site|url|web|homepage|company website|site|website url|"
		 "company url|domain|webseite|internetseite|internetadresse|web adresse|site web|"
		 "site internet|adresse du site|sitio web|página web|web de la empresa|sito|"
		 "sito web|sito internet|página|strona|strona www|strona internetowa|www|"
		 "site ul|pagina web|сайт|веб сайт|адрес сайта|сайт компании|вебсайт|网站|"
		 "网址|公司网址|網址|網站|公司网站" },
	{ "referrer",
	  "referrer|referer|referrer url|referring page|http referer|página de origen|来源页面" },
	{ "utm_source", "utm source" },
	{ "utm_medium", "utm medium" },
	{ "utm_campaign", "utm campaign|campaign|campaign name" },
	{ "utm_term", "utm term" },
	{ "utm_content", "utm content" },
	{ "utm_id", "utm id" },
	{ FORM_KEY_FROM, "from|sender|submitted by|von|absender|expéditeur|de|remitente|mittente|"
			 "da|remetente|nadawca|od|expeditor|de la|от|от кого|отправитель|发件人|"
			 "寄件者" },
	{ FORM_KEY_TO, "to|cc|bcc|sent|an|gesendet|à|envoyé|para|enviado|enviado el|destinatario|"
		       "destinataire|empfänger|inviato|do|wysłano|către|trimis|кому|отправлено|"
		       "收件人|发送时间|抄送|received|return path|message id|mime version|content "
		       "type|x mailer" },
	{ FORM_KEY_META,
	  "date|time|submitted|submitted on|submitted at|date submitted|submission date|"
	  "submission time|timestamp|date time|ip|ip address|user ip|remote ip|sender ip|"
	  "user agent|browser|device|page|page url|page title|"
	  "source url|source page|form url|landing page|form|form name|form id|entry id|"
	  "submission id|id|ref|reference|consent|gdpr|gdpr consent|privacy|privacy policy|"
	  "terms|newsletter|i agree|acceptance|captcha|gclid|fbclid|msclkid|ga client id|"
	  "datum|uhrzeit|zeitpunkt|eingegangen am|ip adresse|datenschutz|datenschutzerklärung|"
	  "einwilligung|seite|formular|date d'envoi|adresse ip|consentement|heure|fecha|hora|"
	  "dirección ip|política de privacidad|data|ora|indirizzo ip|"
	  "consenso privacy|data i godzina|adres ip|zgoda|data trimiterii|adresa ip|acord|дата|"
	  "время|ip адрес|страница|форма|согласие|источник|адрес страницы|日期|时间|提交时间|"
	  "提交日期|来源|ip地址|页面|隐私" },
};

/* Before the label proper: whose it is.  With their space where the script has spaces. */
static const char *const owners[] = {
	"your ",     "my ",     "the ",       "contact ",   "customer's ", "customer ",
	"client's ", "client ", "visitor's ", "visitor ",   "sender's ",   "sender ",
	"lead ",     "user's ", "user ",      "submitter ", "applicant ",  "enquirer ",
	"ihre ",     "ihr ",    "kunden ",    "kontakt ",   "absender ",   "votre ",
	"vos ",      "su ",     "tu ",        "il tuo ",    "la tua ",     "il suo ",
	"la sua ",   "seu ",    "sua ",       "o seu ",     "a sua ",      "o teu ",
	"twoje ",    "twój ",   "twoj ",      "uw ",        "je ",         "ваш ",
	"ваша ",     "ваше ",   "ваши ",      "您的",       "你的",        "客户",
};

/* After it. */
static const char *const tails[] = {
	" required", " (required)",  " optional", " dvs",     " dvs.",       " dumneavoastra",
	" клиента",  " отправителя", " field",    " contact", " de contact", " de contacto",
};

static const char *const footers[] = {
	"this e-mail was sent from",
	"this email was sent from",
	"this message was sent from",
	"this mail was sent from",
	"this mail is sent via",
	"this is a notification that a contact form",
	"this form was submitted",
	"this contact form was submitted",
	"sent from (ip address)",
	"powered by",
	"diese e-mail wurde",
	"diese nachricht wurde",
	"cet e-mail a été envoyé",
	"cet email a été envoyé",
	"ce message a été envoyé",
	"este mensaje se ha enviado",
	"este mensaje se envió",
	"este correo ha sido enviado",
	"este e-mail foi enviado",
	"questa e-mail è stata inviata",
	"questa email è stata inviata",
	"ta wiadomość została wysłana",
	"acest e-mail a fost trimis",
	"acest email a fost trimis",
	"acest mesaj a fost trimis",
	"это письмо отправлено",
	"это сообщение отправлено",
	"это письмо было отправлено",
	"письмо отправлено с сайта",
	"此邮件由",
	"本邮件由",
	"此邮件来自",
};

static char *
fold_dup(const char *text, gsize length)
{
	struct fold_text folded;
	fold_text(text, length, &folded);
	char *result = g_steal_pointer(&folded.bytes);
	fold_text_clear(&folded);
	return result;
}

/* Punctuation that form builders put between the words of a label is a space. */
static void
spread(char *label)
{
	char *out = label;
	for (const char *p = label; *p; p++) {
		char c = strchr("_-[]/,&+", *p) ? ' ' : *p;
		if (c != ' ' || (out > label && out[-1] != ' '))
			*out++ = c;
	}
	*out = 0;
	g_strchomp(label);
}

/* Bullets, asterisks and "3." or "3)" in front. */
static const char *
skip_bullet(const char *label)
{
	for (;;) {
		gunichar c = g_utf8_get_char(label);
		if (c == ' ' || c == '*' || c == '-' || c == '#' || c == '>' || c == '_' ||
		    g_unichar_type(c) == G_UNICODE_OTHER_SYMBOL || c == 0x2022 || c == 0x25aa ||
		    c == 0xb7)
			label = g_utf8_next_char(label);
		else
			break;
	}
	const char *p = label + strspn(label, "0123456789");
	if (p > label && (*p == '.' || *p == ')'))
		label = p + 1 + strspn(p + 1, " ");
	return label;
}

static void
cut_tail(char *label)
{
	char *bracket = strrchr(label, '(');
	gsize length = strlen(label);
	if (bracket && bracket > label && length && label[length - 1] == ')')
		*bracket = 0;
	for (length = strlen(label); length && strchr(" *:?_.#=", label[length - 1]);)
		label[--length] = 0;
}

char *
form_label_normalise(const char *label, gsize length)
{
	if (length == 0 || length > LIMIT_FORM_LABEL)
		return NULL;
	g_autofree char *folded = fold_dup(label, length);
	char *result = g_strdup(skip_bullet(folded));
	cut_tail(result);
	spread(result);
	cut_tail(result);
	if (*result && (g_unichar_isalpha(g_utf8_get_char(result))))
		return result;
	g_free(result);
	return NULL;
}

/* normalised name → key, made once. */
static GHashTable *
label_table(void)
{
	static gsize ready;
	static GHashTable *table;
	if (!g_once_init_enter(&ready))
		return table;
	table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(GStrv) names = g_strsplit(rows[i].names, "|", -1);
		for (char **name = names; *name; name++) {
			char *key = form_label_normalise(*name, strlen(*name));
			if (key && !g_hash_table_contains(table, key))
				g_hash_table_insert(table, key, (gpointer)rows[i].key);
			else
				g_free(key); /* languages share labels: the first counts */
		}
	}
	g_once_init_leave(&ready, 1);
	return table;
}

static const char *
lookup_without_tail(const char *label)
{
	for (gsize i = 0; i < G_N_ELEMENTS(tails); i++)
		if (g_str_has_suffix(label, tails[i])) {
			g_autofree char *bare = g_strndup(label, strlen(label) - strlen(tails[i]));
			return g_hash_table_lookup(label_table(), bare);
		}
	return NULL;
}

const char *
form_label_key(const char *normalised)
{
	const char *key = g_hash_table_lookup(label_table(), normalised);
	for (gsize i = 0; !key && i < G_N_ELEMENTS(owners); i++)
		if (g_str_has_prefix(normalised, owners[i]))
			key = g_hash_table_lookup(label_table(), normalised + strlen(owners[i]));
	return key ? key : lookup_without_tail(normalised);
}

/* Phrases, folded once. */
static char **
footer_table(void)
{
	static gsize ready;
	static char *table[G_N_ELEMENTS(footers) + 1];
	if (g_once_init_enter(&ready)) {
		for (gsize i = 0; i < G_N_ELEMENTS(footers); i++)
			table[i] = fold_dup(footers[i], strlen(footers[i]));
		g_once_init_leave(&ready, 1);
	}
	return table;
}

static gboolean
is_rule(const char *line, gsize length)
{
	gsize dashes = 0;
	for (gsize i = 0; i < length; i++)
		if (strchr("-_=*~#", line[i]))
			dashes++;
		else if (line[i] != ' ')
			return FALSE;
	return dashes >= 2;
}

gboolean
form_label_is_footer(const char *line, gsize length)
{
	if (is_rule(line, length))
		return TRUE;
	g_autofree char *folded = fold_dup(line, MIN(length, LIMIT_FORM_LABEL));
	for (char **footer = footer_table(); *footer; footer++)
		if (g_str_has_prefix(folded, *footer))
			return TRUE;
	return FALSE;
}

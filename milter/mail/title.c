/*
 * title.c - see title.h.
 *
 * A title has a head word ("manager").  The highest head decides, except that who assists is
 * below whom they assist: "Assistant to the CEO" uses, "Assistant Director" advises.
 */
#include "mail/title.h"

#include <string.h>

enum head { USER = 1, INFLUENCER, DECISION, ASSISTS, ENDS };

static const struct wordlist_entry heads[] = {
	{ DECISION,
	  "ceo|cfo|cto|coo|cio|cmo|cpo|ciso|cso|cro|cdo|chro|cco|chief|founder|cofounder|owner|"
	  "coowner|president|chairman|chairwoman|chairperson|chair|managing director|"
	  "director|managing partner|partner|general manager|managing member|head|vp|svp|evp|avp|"
	  "vice president|proprietor|gm|md|board member|"
	  /* de, nl, sv, da, no, fi */
	  "geschäftsführer|geschäftsführerin|inhaber|inhaberin|vorstand|vorständin|direktor|"
	  "direktorin|leiter|leiterin|prokurist|prokuristin|gründer|gründerin|gesellschafter|"
	  "vorsitzender|eigenaar|directeur|bestuurder|oprichter|zaakvoerder|hoofd|vd|ägare|"
	  "grundare|chef|verkställande direktör|direktør|direktör|ejer|indehaver|adm dir|"
	  "daglig leder|styreleder|toimitusjohtaja|johtaja|yrittäjä|omistaja|"
	  /* fr */
	  "directrice|gérant|gérante|pdg|dg|dga|daf|dsi|drh|fondateur|fondatrice|cofondateur|"
	  "présidente|président|associé|dirigeant|dirigeante|chef d'entreprise|"
	  /* es, pt, it */
	  "directora|gerente|gerente general|dueño|dueña|propietario|propietaria|fundador|"
	  "fundadora|presidente|presidenta|socio|socia|diretor|diretora|sócio|sócia|dono|"
	  "proprietário|proprietária|direttore|direttrice|amministratore|amministratore delegato|"
	  "titolare|fondatore|fondatrice|amministratore unico|socio fondatore|dirigente|"
	  /* ro */
	  "directoare|administrator firmă|fondatoare|fondator|proprietar|proprietară|președinte|"
	  "preşedinte|director general|patron|asociat unic|șef|"
	  /* ru, uk, bg */
	  "директор|генеральный директор|гендиректор|руководитель|начальник|владелец|владелица|"
	  "основатель|учредитель|президент|собственник|председатель|совладелец|управляющий|"
	  "керівник|власник|засновник|голова|начальник отдела|директорка|собственик|управител|"
	  /* pl, cs, hu, hr, tr */
	  "dyrektor|prezes|właściciel|właścicielka|założyciel|ředitel|ředitelka|jednatel|majitel|"
	  "majitelka|riaditeľ|konateľ|igazgató|ügyvezető|tulajdonos|direktorica|vlasnik|vlasnica|"
	  "müdür|genel müdür|kurucu|yönetici|genel müdürü|" },
	{ INFLUENCER,
	  "manager|mgr|lead|team lead|leader|architect|consultant|advisor|adviser|supervisor|"
	  "coordinator|co ordinator|buyer|purchaser|controller|product owner|project manager|"
	  "business partner|principal|counsel|strategist|planner|foreman|superintendent|steward|"
	  "product officer|purchasing officer|procurement officer|bursar|evangelist|"
	  "account manager|account director|creative director|art director|"
	  "teamleiter|teamleiterin|projektleiter|projektleiterin|einkäufer|einkäuferin|berater|"
	  "beraterin|koordinator|koordinatorin|referent|referentin|architekt|architektin|"
	  "sachverständiger|adviseur|inkoper|coördinator|teamleider|inköpare|projektledare|"
	  "konsult|rådgivare|indkøber|konsulent|projektleder|innkjøper|päällikkö|konsultti|"
	  "responsable|acheteur|acheteuse|chef de projet|conseiller|conseillère|architecte|"
	  "consultante|chargé d'affaires|jefe|jefa|encargado|encargada|comprador|"
	  "compradora|consultor|consultora|asesor|asesora|coordinador|coordinadora|arquitecto|"
	  "coordenador|coordenadora|assessor|supervisora|responsabile|"
	  "consulente|coordinatore|buyer|architetto|capo|"
	  "coordonator|coordonatoare|consilier|consultanta|șef serviciu|responsabil|arhitect|"
	  "achizitor|менеджер|консультант|советник|координатор|архитектор|закупщик|"
	  "руководитель проекта|ведущий|главный|радник|експерт|эксперт|мениджър|"
	  "kierownik|kierowniczka|koordynator|konsultant|doradca|kupiec|menedżer|manažer|manažerka|"
	  "vedoucí|vedúci|nákupčí|poradce|vezető|menedzser|tanácsadó|voditelj|voditeljica|"
	  "menadžer|savjetnik|yöneticisi|danışman|danışmanı|sorumlusu|şefi" },
	{ USER,
	  "engineer|developer|analyst|specialist|officer|recruiter|designer|administrator|"
	  "accountant|intern|trainee|student|clerk|technician|representative|rep|"
	  "scientist|researcher|professor|lecturer|teacher|programmer|tester|agent|executive|"
	  "editor|writer|journalist|reporter|photographer|lawyer|attorney|solicitor|paralegal|"
	  "nurse|physician|doctor|surgeon|therapist|pharmacist|operator|inspector|auditor|"
	  "bookkeeper|receptionist|broker|realtor|salesperson|salesman|marketer|"
	  "producer|copywriter|translator|interpreter|instructor|trainer|coach|expert|"
	  "mechanic|electrician|driver|merchandiser|estimator|surveyor|draftsman|fellow|"
	  "postdoc|librarian|webmaster|sysadmin|devops|freelancer|artist|author|"
	  "trader|underwriter|adjuster|actuary|economist|statistician|machinist|buyer assistant|"
	  "vertriebsingenieur|ingenieur|ingenieurin|entwickler|entwicklerin|mitarbeiter|"
	  "mitarbeiterin|sachbearbeiter|sachbearbeiterin|techniker|technikerin|buchhalter|"
	  "buchhalterin|kaufmann|kauffrau|praktikant|praktikantin|auszubildender|meister|"
	  "rechtsanwalt|rechtsanwältin|steuerberater|außendienst|innendienst|medewerker|"
	  "ontwikkelaar|verkoper|ingenjör|utvecklare|säljare|handläggare|ingeniør|udvikler|"
	  "sælger|medarbejder|utvikler|selger|insinööri|asiantuntija|myyjä|"
	  "ingénieur|ingénieure|développeur|développeuse|technicien|technicienne|commercial|"
	  "commerciale|comptable|avocat|avocate|chargé|chargée|vendeur|vendeuse|stagiaire|"
	  "juriste|graphiste|"
	  "ingeniero|ingeniera|desarrollador|desarrolladora|técnico|técnica|contador|contadora|"
	  "abogado|abogada|vendedor|vendedora|analista|especialista|ejecutivo|ejecutiva|"
	  "representante|becario|auxiliar|administrativo|administrativa|"
	  "engenheiro|engenheira|desenvolvedor|desenvolvedora|advogado|advogada|contabilista|"
	  "estagiário|executivo|executiva|"
	  "ingegnere|sviluppatore|tecnico|contabile|avvocato|impiegato|impiegata|addetto|addetta|"
	  "agente|venditore|ragioniere|specialista|"
	  "inginer|ingineră|dezvoltator|programator|contabil|contabilă|avocat|tehnician|"
	  "reprezentant|agent vânzări|economist|referent|operator|"
	  "инженер|разработчик|программист|аналитик|специалист|бухгалтер|юрист|дизайнер|"
	  "представитель|техник|продавец|оператор|логист|маркетолог|экономист|стажер|сотрудник|"
	  "інженер|розробник|фахівець|спеціаліст|інженерка|инженерка|"
	  "inżynier|programista|specjalista|specjalistka|analityk|księgowa|księgowy|handlowiec|"
	  "przedstawiciel|technik|inženýr|vývojář|obchodník|účetní|technička|obchodní zástupce|"
	  "inžinier|mérnök|fejlesztő|könyvelő|értékesítő|munkatárs|inženjer|programer|"
	  "stručnjak|komercijalist|mühendis|mühendisi|uzman|uzmanı|temsilcisi|muhasebeci" },
	{ ASSISTS,
	  "assistant|secretary|assistentin|assistent|assistente|assistante|secrétaire|asistent|"
	  "asistenta|asistentă|asistente|secretaria|segretaria|secretara|secretară|ассистент|"
	  "помощник|помощница|секретарь|помічник|asystent|asystentka|sekretarka|asistentka|"
	  "asszisztens|junior|deputy assistant|aide|pa|sekretärin|sekretär|referentin der" },
	{ ENDS, "to|of the office|zum|zur|du|auprès" },
	{ 0, NULL },
};

static const struct wordlist_entry east_asian[] = {
	{ DECISION, "董事长|董事長|总经理|總經理|总裁|總裁|首席|创始人|創始人|总监|總監|执行官|"
		    "老板|厂长|所长|"
		    "院长|校长|董事|合伙人|法人|社長|代表取締役|取締役|部長|本部長|会長|執行役員|"
		    "대표이사|대표|"
		    "사장|이사|부사장|본부장|회장" },
	{ INFLUENCER, "经理|經理|主管|主任|顾问|顧問|采购|採購|组长|課長|係長|主任|次長|과장|차장|"
		      "부장|팀장|매니저|"
		      "컨설턴트" },
	{ USER, "工程师|工程師|专员|專員|助理|秘书|会计|會計|设计师|分析师|销售代表|业务员|律师|"
		"教授|老师|研究员|"
		"担当|エンジニア|デザイナー|営業|대리|사원|주임|엔지니어|연구원|개발자|디자이너" },
	{ 0, NULL },
};

/* German, Dutch and Nordic titles are one word: "Vertriebsleiterin", "Entwicklungsingenieur". */
static const struct {
	const char *end;
	enum head head;
} compounds[] = {
	{ "teamleiter", INFLUENCER },
	{ "teamleiterin", INFLUENCER },
	{ "projektleiter", INFLUENCER },
	{ "projektleiterin", INFLUENCER },
	{ "gruppenleiter", INFLUENCER },
	{ "bauleiter", INFLUENCER },
	{ "leiter", DECISION },
	{ "leiterin", DECISION },
	{ "leitung", DECISION },
	{ "direktor", DECISION },
	{ "direktorin", DECISION },
	{ "vorstand", DECISION },
	{ "fuhrer", INFLUENCER },
	{ "chef", DECISION },
	{ "manager", INFLUENCER },
	{ "managerin", INFLUENCER },
	{ "einkaufer", INFLUENCER },
	{ "einkauferin", INFLUENCER },
	{ "berater", INFLUENCER },
	{ "beraterin", INFLUENCER },
	{ "beauftragter", INFLUENCER },
	{ "beauftragte", INFLUENCER },
	{ "meister", USER },
	{ "ingenieur", USER },
	{ "ingenieurin", USER },
	{ "entwickler", USER },
	{ "entwicklerin", USER },
	{ "techniker", USER },
	{ "mitarbeiter", USER },
	{ "mitarbeiterin", USER },
	{ "sachbearbeiter", USER },
	{ "sachbearbeiterin", USER },
	{ "assistent", ASSISTS },
	{ "assistentin", ASSISTS },
	{ "kaufmann", USER },
	{ "kauffrau", USER },
	{ "vertreter", USER },
	{ "ingenjor", USER },
	{ "directeur", DECISION },
	{ "paallikko", INFLUENCER },
	{ "johtaja", DECISION },
	{ "asiantuntija", USER },
};

static const struct wordlist_entry fields[] = {
	{ 1, "marketing|sales|engineering|operations|development|purchasing|procurement|finance|hr|"
	     "human resources|it|r&d|research|production|logistics|quality|product|products|"
	     "strategy|communications|legal|security|infrastructure|support|design|innovation|"
	     "business|supply|supply chain|customer|growth|data|software|hardware|technology|"
	     "administration|accounting|training|education|projects|project|planning|facilities|"
	     "maintenance|compliance|risk|audit|treasury|transmission|trading|department|division|"
	     "dept|team|unit|region|regional|emea|apac|latam|americas|dach|cee|global|"
	     "international sales|vertrieb|einkauf|verkauf|technik|entwicklung|produktion|"
	     "abteilung|ventes|achats|ventas|compras|vânzări|achiziții|vendite|acquisti|продаж|"
	     "закупок|отдел|отдела|развития" },
	{ 0, NULL },
};

static void *
make_list(void *entries)
{
	return wordlist_new(entries);
}

static enum head
compound_head(const char *word)
{
	gsize length = strlen(word);

	if (length < 9)
		return 0;
	for (gsize i = 0; i < G_N_ELEMENTS(compounds); i++)
		if (length > strlen(compounds[i].end) && g_str_has_suffix(word, compounds[i].end))
			return compounds[i].head;
	return 0;
}

static enum head
head_at(const struct words *words, guint i, guint *ret_taken)
{
	static GOnce once = G_ONCE_INIT;
	enum head head =
		wordlist_match(g_once(&once, make_list, (void *)heads), words, i, ret_taken);

	return head ? head : compound_head(words->word[i].text);
}

enum title_rank
title_rank_of_words(const char *line, gsize length, const struct words *words)
{
	enum head best = 0, head;
	gboolean assists = FALSE;
	guint taken;

	for (guint i = 0; i < words->count; i += taken) {
		taken = 1;
		head = head_at(words, i, &taken);
		if (head == ENDS && assists)
			break;
		if (head == ASSISTS)
			assists = TRUE;
		else if (head != ENDS && head > best)
			best = head;
	}
	for (gsize i = 0; !best && i < length; i++)
		if ((guchar)line[i] >= 0xe3) {
			best = wordlist_inside(east_asian, line, length, NULL);
			break;
		}
	if (assists)
		best = best > USER ? best - 1 : USER;
	return best == DECISION     ? RANK_DECISION_MAKER
	       : best == INFLUENCER ? RANK_INFLUENCER
	       : best == USER       ? RANK_USER
				    : RANK_UNKNOWN;
}

enum title_rank
title_rank_of(const char *title)
{
	struct words words;

	words_split(title, strlen(title), &words);
	return title_rank_of_words(title, strlen(title), &words);
}

gboolean
title_is_field(const struct words *words)
{
	static GOnce once = G_ONCE_INIT;
	const struct wordlist *list = g_once(&once, make_list, (void *)fields);
	guint taken;

	for (guint i = 0; i < words->count; i++)
		if (wordlist_match(list, words, i, &taken))
			return TRUE;
	return FALSE;
}

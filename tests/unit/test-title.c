/* test-title.c - the ranks of job titles, and the names of companies and countries. */
#include <string.h>

#include "mail/company.h"
#include "mail/country.h"
#include "mail/title.h"

static void
test_rank(void)
{
	static const struct {
		const char *title;
		enum title_rank rank;
	} wanted[] = {
		{ "CEO", RANK_DECISION_MAKER },
		{ "Chief Financial Officer", RANK_DECISION_MAKER },
		{ "Co-Founder & CTO", RANK_DECISION_MAKER },
		{ "VP of Sales", RANK_DECISION_MAKER },
		{ "Managing Director", RANK_DECISION_MAKER },
		{ "Head of Purchasing", RANK_DECISION_MAKER },
		{ "Owner", RANK_DECISION_MAKER },
		{ "Geschäftsführer", RANK_DECISION_MAKER },
		{ "Vertriebsleiterin", RANK_DECISION_MAKER },
		{ "Directrice commerciale", RANK_DECISION_MAKER },
		{ "Director general", RANK_DECISION_MAKER },
		{ "Генеральный директор", RANK_DECISION_MAKER },
		{ "总经理", RANK_DECISION_MAKER },
		{ "代表取締役社長", RANK_DECISION_MAKER },
		{ "Purchasing Manager", RANK_INFLUENCER },
		{ "Solutions Architect", RANK_INFLUENCER },
		{ "Consultant", RANK_INFLUENCER },
		{ "Assistant Director", RANK_INFLUENCER },
		{ "Projektleiter", RANK_INFLUENCER },
		{ "Менеджер по закупкам", RANK_INFLUENCER },
		{ "采购经理", RANK_INFLUENCER },
		{ "Software Engineer", RANK_USER },
		{ "Assistant to the CEO", RANK_USER },
		{ "Executive Assistant", RANK_USER },
		{ "Entwicklungsingenieur", RANK_USER },
		{ "Инженер", RANK_USER },
		{ "软件工程师", RANK_USER },
		{ "Inginer proiectant", RANK_USER },
		{ "North Ltd", RANK_UNKNOWN },
		{ "", RANK_UNKNOWN },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		g_test_message("%s", wanted[i].title);
		g_assert_cmpint(title_rank_of(wanted[i].title), ==, wanted[i].rank);
	}
}

static void
test_company(void)
{
	static const struct {
		const char *line, *domain, *name; /* NULL: none */
		enum company_evidence evidence;
	} wanted[] = {
		{ "North Pumps Ltd", NULL, "North Pumps Ltd", COMPANY_FORM },
		{ "North Pumps Ltd. Sales", NULL, "North Pumps Ltd.", COMPANY_FORM },
		{ "NORD GmbH & Co. KG", NULL, "NORD GmbH & Co. KG", COMPANY_FORM },
		{ "SC Nord Prod S.R.L.", NULL, "SC Nord Prod S.R.L.", COMPANY_FORM },
		{ "ООО «Север»", NULL, "ООО «Север»", COMPANY_FORM },
		{ "上海北方科技有限公司", NULL, "上海北方科技有限公司", COMPANY_FORM },
		{ "Nord A/S", NULL, "Nord A/S", COMPANY_FORM },
		{ "Nord AS", NULL, "Nord AS", COMPANY_FORM },
		{ "Big Co", NULL, "Big Co", COMPANY_FORM },
		{ "Denver CO", NULL, NULL, COMPANY_NONE },
		{ "as we said", NULL, NULL, COMPANY_NONE },
		{ "North Technologies", NULL, "North Technologies", COMPANY_WORD },
		{ "North Pumps", "north-pumps.example", "North Pumps", COMPANY_DOMAIN },
		{ "North Pumps", "other.example", NULL, COMPANY_NONE },
		{ "Ltd", NULL, NULL, COMPANY_NONE },
		{ "", NULL, NULL, COMPANY_NONE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		const char *line = wanted[i].line;
		struct words words;
		gsize end;

		g_test_message("%s", line);
		words_split(line, strlen(line), &words);
		g_assert_cmpint(company_judge(line, strlen(line), &words, wanted[i].domain, &end),
				==, wanted[i].evidence);
		if (wanted[i].name) {
			g_autofree char *name = g_strndup(line, end);

			g_assert_cmpstr(name, ==, wanted[i].name);
		}
	}
}

static void
test_country(void)
{
	static const struct {
		const char *text, *code;
	} addresses[] = {
		{ "Germany", "DE" },
		{ "Россия", "RU" },
		{ "12 High Street, London, United Kingdom", "GB" },
		{ "London SW1A 1AA", "GB" },
		{ "Springfield, IL 62704", "US" },
		{ "Springfield, IL 62704-1234", "US" },
		{ "Toronto, ON M5V 2T6", "CA" },
		{ "CH-8001 Zürich", "CH" },
		{ "MD-2012 Chișinău", "MD" },
		{ "str. Lungă 4, București, România", "RO" },
		{ "中国", "CN" },
		{ "Order 62704", NULL },
		{ "some text", NULL },
		{ "", NULL },
	};
	static const struct {
		const char *domain, *code;
	} domains[] = { { "north.de", "DE" }, { "north.co.uk", "GB" },      { "north.com", NULL },
			{ "north.io", NULL }, { "xn--80a.xn--p1ai", "RU" }, { "north", NULL },
			{ NULL, NULL } };

	for (gsize i = 0; i < G_N_ELEMENTS(addresses); i++) {
		g_test_message("%s", addresses[i].text);
		g_assert_cmpstr(country_of_address(addresses[i].text, strlen(addresses[i].text)),
				==, addresses[i].code);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(domains); i++)
		g_assert_cmpstr(country_of_domain(domains[i].domain), ==, domains[i].code);
	g_assert_cmpstr(country_of_name("DE", 2), ==, "DE");
	g_assert_null(country_of_name("XX", 2));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/title/rank", test_rank);
	g_test_add_func("/title/company", test_company);
	g_test_add_func("/title/country", test_country);
	return g_test_run();
}

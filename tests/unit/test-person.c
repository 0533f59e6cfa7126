/* test-person.c - who wrote, from headers, signature, form and forward. */
#include <string.h>

#include "mail/address.h"
#include "mail/person.h"

struct want {
	const char *shown, *address; /* From */
	const char *new_text, *signature;
	const char *name, *title, *company, *phone, *country; /* NULL: none */
	enum title_rank rank;
	enum person_origin name_origin;
};

static const struct want wanted[] = {
	{ "Ana Berg", "ana@north.example", "We take 40.",
	  "Ana Berg\nHead of Purchasing\nNorth Pumps Ltd\nTel. +44 20 7946 0958\nwww.north.example",
	  "Ana Berg", "Head of Purchasing", "North Pumps Ltd", "+442079460958", "GB",
	  RANK_DECISION_MAKER, FROM_FROM },
	{ "Ana", "ana@north.example", "We take 40.", "Ana Berg\nBuyer, North Pumps", "Ana Berg",
	  "Buyer", "North Pumps", NULL, NULL, RANK_INFLUENCER, FROM_SIGNATURE },
	{ NULL, "ana@north.example", "We take 40.", "Ana Berg | CEO | North Pumps", "Ana Berg",
	  "CEO", "North Pumps", NULL, NULL, RANK_DECISION_MAKER, FROM_SIGNATURE },
	{ "Ana Berg", "ana@other.example", "We take 40.", "Ana Berg, CEO at Weber Foods",
	  "Ana Berg", "CEO", "Weber Foods", NULL, NULL, RANK_DECISION_MAKER, FROM_FROM },
	{ "Ana Berg", "ana@other.example", "", "NORTH LTD\nAna Berg\nCEO of North Ltd\n",
	  "Ana Berg", "CEO", "NORTH LTD", NULL, NULL, RANK_DECISION_MAKER, FROM_FROM },
	{ "Ana Berg", "ana@other.example", "We take 40.",
	  "Ana Berg\nManager, Gas Marketing\nNorth Power Company", "Ana Berg",
	  "Manager, Gas Marketing", "North Power Company", NULL, NULL, RANK_INFLUENCER, FROM_FROM },
	/* no signature was told apart */
	{ "Ana Berg", "ana@north.example", "Ana Berg\nEngineer\nNorth Inc.\n555-555-1234\n", "",
	  "Ana Berg", "Engineer", "North Inc.", "555-555-1234", NULL, RANK_USER, FROM_FROM },
	{ "Ana Berg", "ana@north.example", "Ana Berg\nEngineer", "North Inc.\nwww.north.example",
	  "Ana Berg", "Engineer", "North Inc.", NULL, NULL, RANK_USER, FROM_FROM },
	{ "Ana Berg", "ana@north.example",
	  "Our director asked the manager at Weber Foods to call you.", "", "Ana Berg", NULL, NULL,
	  NULL, NULL, RANK_UNKNOWN, FROM_FROM },
	{ "Ana Berg", "ana@anaberg.example", "Hi.", "Ana Berg\nsomebody to be an accountant",
	  "Ana Berg", NULL, NULL, NULL, NULL, RANK_UNKNOWN, FROM_FROM },
	{ "Ana Berg", "ana@berg.example", "Hi.", "Ana Berg\nBerg Foods\nBuyer", "Ana Berg", "Buyer",
	  "Berg Foods", NULL, NULL, RANK_INFLUENCER, FROM_FROM },
	{ NULL, "ana@north.example", "see\nhttps://other.example/a\nand then", "", NULL, NULL, NULL,
	  NULL, NULL, RANK_UNKNOWN, FROM_NONE },
	/* a number in running text is the writer's only when they say so */
	{ "Ana Berg", "ana@north.example", "Please call me at +44 20 7946 0958 tomorrow.", "",
	  "Ana Berg", NULL, NULL, "+442079460958", "GB", RANK_UNKNOWN, FROM_FROM },
	{ "Ana Berg", "ana@north.example", "The hotel's number is +44 20 7946 0958.", "",
	  "Ana Berg", NULL, NULL, NULL, NULL, RANK_UNKNOWN, FROM_FROM },
	/* not the person's own */
	{ "Ana Berg", "ana@north.example", "We take 40.", "Ana Berg\nAssistant: +44 20 7946 0958",
	  "Ana Berg", NULL, NULL, NULL, NULL, RANK_UNKNOWN, FROM_FROM },
	{ "Ana Berg", "ana@north.example", "We take 40.",
	  "Ana Berg\nThis e-mail is confidential and for the intended recipient, Weber Foods Ltd.",
	  "Ana Berg", NULL, NULL, NULL, NULL, RANK_UNKNOWN, FROM_FROM },
	/* regions */
	{ "Ion Marin", "ion@nord.ro", "Da.", "Ion Marin\nDirector\nSC Nord SRL\ntel. 021 311 22 33",
	  "Ion Marin", "Director", "SC Nord SRL", "+40213112233", "RO", RANK_DECISION_MAKER,
	  FROM_FROM },
	{ "Иван Петров", "petrov@sever.ru", "Да.",
	  "С уважением,\nИван Петров\nГенеральный директор\nООО «Север»\nТел.: +7 (495) 123-45-67",
	  "Иван Петров", "Генеральный директор", "ООО «Север»", "+74951234567", "RU",
	  RANK_DECISION_MAKER, FROM_FROM },
	{ "王小明", "wang@north.cn", "好的。",
	  "王小明\n采购经理\n上海北方科技有限公司\n手机：13800138000", "王小明", "采购经理",
	  "上海北方科技有限公司", "+8613800138000", "CN", RANK_INFLUENCER, FROM_FROM },
	{ "Ana Berg", "ana@north.example", "Hi.", "Ana Berg\n12 Main St, Springfield, IL 62704",
	  "Ana Berg", NULL, NULL, NULL, "US", RANK_UNKNOWN, FROM_FROM },
	{ "Sales Team", "sales@north.example", "Hi.", "", NULL, NULL, NULL, NULL, NULL,
	  RANK_UNKNOWN, FROM_NONE },
};

static void
mail_init(struct mail *mail)
{
	memset(mail, 0, sizeof *mail);
	mail->reply_to = g_ptr_array_new_with_free_func((GDestroyNotify)mail_address_free);
}

static const char *
number_of(const struct person *person)
{
	const struct phone *phone = person->phones->len > 0 ? person->phones->pdata[0] : NULL;

	return !phone ? NULL : phone->e164 ? phone->e164 : phone->raw;
}

static void
check(const struct want *want)
{
	struct sender sender = { .address = (char *)want->address,
				 .normalised = (char *)want->address,
				 .name = (char *)want->shown,
				 .domain = strchr(want->address, '@') + 1,
				 .org_domain = strchr(want->address, '@') + 1,
				 .role = g_str_has_prefix(want->address, "sales@") };
	struct reply_text text = { .new_text = (char *)want->new_text,
				   .quoted =
					   (char *)"Tom Quoted\nCEO\nQuoted Ltd\n+44 20 7946 0000",
				   .signature = (char *)want->signature };
	struct mail mail;

	mail_init(&mail);
	g_autoptr(person_owned) person =
		person_find(&(struct person_input){ &mail, &sender, &text, NULL, NULL, NULL });
	g_test_message("%s / %s", want->signature, want->new_text);
	g_assert_cmpstr(person->name, ==, want->name);
	g_assert_cmpint(person->name_origin, ==, want->name_origin);
	g_assert_cmpstr(person->title, ==, want->title);
	g_assert_cmpint(person->rank, ==, want->rank);
	g_assert_cmpstr(person->company, ==, want->company);
	g_assert_cmpstr(number_of(person), ==, want->phone);
	g_assert_cmpstr(person->country, ==, want->country);
	g_assert_cmpint(person->reachable, ==, !sender.role);
	g_ptr_array_unref(mail.reply_to);
}

static void
test_find(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
		check(&wanted[i]);
}

static struct person *
find_signed(const char *signature, struct sender *sender, const struct form *form,
	    const struct forward *forward)
{
	struct reply_text text = { .new_text = (char *)"Hi.",
				   .quoted = (char *)"",
				   .signature = (char *)signature };
	struct mail mail;

	mail_init(&mail);
	struct person *person =
		person_find(&(struct person_input){ &mail, sender, &text, forward, form, "GB" });
	g_ptr_array_unref(mail.reply_to);
	return person;
}

static void
test_phones(void)
{
	struct sender sender = { .address = (char *)"ana@north.example",
				 .name = (char *)"Ana Berg" };
	g_autoptr(person_owned) person = find_signed(
		"Ana Berg\nTel. 020 7946 0958 ext. 12\nMobile: +44 7400 123456\nFax: 020 7946 "
		"0959\n"
		"Mob. +44 7400 123456\nhttps://www.north.example\nlinkedin.com/in/anaberg\n"
		"Get Outlook for iOS<https://aka.ms/o0ukef>",
		&sender, NULL, NULL);

	g_assert_cmpuint(person->phones->len, ==, 2);
	const struct phone *office = person->phones->pdata[0], *mobile = person->phones->pdata[1];
	g_assert_cmpstr(office->e164, ==, "+442079460958");
	g_assert_cmpstr(office->extension, ==, "12");
	g_assert_cmpstr(office->kind, ==, "fixed");
	g_assert_cmpstr(mobile->kind, ==, "mobile");
	g_assert_cmpstr(mobile->region, ==, "GB");
	g_assert_cmpuint(person->faxes->len, ==, 1);
	g_assert_cmpuint(person->urls->len, ==, 2);
}

static void
test_reachable(void)
{
	static const struct {
		const char *address, *name, *signature;
		gboolean role, reachable;
	} cases[] = {
		{ "ana@north.example", "Ana Berg", "", FALSE, TRUE },
		{ "info@north.example", NULL, "", TRUE, FALSE },
		{ "info@north.example", "North Sales", "", TRUE, FALSE },
		{ "info@north.example", NULL, "Ana Berg\nBuyer", TRUE, TRUE },
		{ NULL, NULL, "Tel. 020 7946 0958", FALSE, FALSE },
		{ NULL, "Ana Berg", "Tel. 020 7946 0958", FALSE, TRUE },
		{ NULL, "Ana Berg", "Main: 020 7946 0958", FALSE, FALSE },
		{ NULL, "Ana Berg", "Main: 020 7946 0958 ext. 12", FALSE, TRUE },
		{ NULL, "Ana Berg", "Tel. 0800 123 4567", FALSE, FALSE },
		{ NULL, "Ana Berg", "Fax: 020 7946 0958", FALSE, FALSE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct sender sender = { .address = (char *)cases[i].address,
					 .name = (char *)cases[i].name,
					 .role = cases[i].role };
		g_autoptr(person_owned) person =
			find_signed(cases[i].signature, &sender, NULL, NULL);

		g_test_message("%s %s", cases[i].address, cases[i].signature);
		g_assert_cmpint(person->reachable, ==, cases[i].reachable);
	}
}

static void
test_provider(void)
{
	struct sender sender = { .address = (char *)"ana@bignet.example",
				 .org_domain = (char *)"bignet.example",
				 .name = (char *)"Bcd Xyz",
				 .isp = TRUE };
	g_autoptr(person_owned) person =
		find_signed("Bcd Xyz\nCompany: Bignet", &sender, NULL, NULL);

	g_assert_cmpstr(person->company, ==, "Bignet");
	g_assert_true(person->company_is_isp);
}

static void
test_form(void)
{
	struct form_field fields[] = {
		{ (char *)"Name", (char *)"name", (char *)"Ana Berg" },
		{ (char *)"Phone", (char *)"phone", (char *)"020 7946 0958" },
		{ (char *)"Company", (char *)"company", (char *)"North" },
		{ (char *)"Position", (char *)"title", (char *)"Purchasing Manager" },
		{ (char *)"Country", (char *)"country", (char *)"Germany" },
		{ (char *)"Site", (char *)"url", (char *)"www.north.example" },
		{ (char *)"E-mail", (char *)"email", (char *)"ana@north.example" },
	};
	struct form form = { .fields = g_ptr_array_new() };
	struct sender sender = { .address = (char *)"ana@north.example",
				 .name = (char *)"Ana Berg" };

	for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
		g_ptr_array_add(form.fields, &fields[i]);
	g_autoptr(person_owned) person = find_signed("", &sender, &form, NULL);
	g_assert_cmpstr(person->name, ==, "Ana Berg");
	g_assert_cmpint(person->name_origin, ==, FROM_FORM);
	g_assert_cmpstr(person->last_name, ==, "Berg");
	g_assert_cmpstr(number_of(person), ==, "+442079460958");
	g_assert_cmpstr(person->company, ==, "North");
	g_assert_cmpint(person->rank, ==, RANK_INFLUENCER);
	g_assert_cmpstr(person->country, ==, "DE");
	g_assert_cmpuint(person->urls->len, ==, 1);
	g_ptr_array_unref(form.fields);
}

static void
test_forward(void)
{
	struct forward forward = {
		.by = (char *)"colleague@own.example",
		.name = (char *)"Ana Berg",
		.address = (char *)"ana@north.example",
		.text = (char *)"Hello,\n\nwe need forty pumps by the end of May.\n\n"
				"Kind regards\nAna Berg\nHead of Purchasing\n"
				"North Pumps Ltd\n+44 20 7946 0958\n",
		.note = (char *)"please answer"
	};
	struct sender sender = { .address = forward.address, .name = forward.name };
	g_autoptr(person_owned) person = find_signed(
		"Tom Colleague\nCEO\nOwn Ltd\n+44 20 7946 0000", &sender, NULL, &forward);

	g_assert_cmpstr(person->name, ==, "Ana Berg");
	g_assert_cmpint(person->name_origin, ==, FROM_FORWARD);
	g_assert_cmpstr(person->title, ==, "Head of Purchasing");
	g_assert_cmpstr(person->company, ==, "North Pumps Ltd");
	g_assert_cmpstr(number_of(person), ==, "+442079460958");
}

static void
test_reply_to(void)
{
	struct sender sender = { .address = (char *)"ana@north.example" };
	struct reply_text text = { .new_text = (char *)"",
				   .quoted = (char *)"",
				   .signature = (char *)"" };
	struct mail mail;

	mail_init(&mail);
	g_ptr_array_add(mail.reply_to, mail_address_new("Tom Other", "tom@other.example"));
	g_ptr_array_add(mail.reply_to, mail_address_new("Ana Berg", "ana@north.example"));
	g_autoptr(person_owned) person =
		person_find(&(struct person_input){ &mail, &sender, &text, NULL, NULL, NULL });
	g_assert_cmpstr(person->name, ==, "Ana Berg");
	g_assert_cmpint(person->name_origin, ==, FROM_REPLY_TO);
	g_ptr_array_unref(mail.reply_to);
	person_free(NULL);
	g_assert_cmpstr(person_origin_name(FROM_SIGNATURE), ==, "signature");
	g_assert_cmpstr(title_rank_name(RANK_DECISION_MAKER), ==, "decision_maker");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/person/find", test_find);
	g_test_add_func("/person/phones", test_phones);
	g_test_add_func("/person/reachable", test_reachable);
	g_test_add_func("/person/provider", test_provider);
	g_test_add_func("/person/form", test_form);
	g_test_add_func("/person/forward", test_forward);
	g_test_add_func("/person/reply-to", test_reply_to);
	return g_test_run();
}

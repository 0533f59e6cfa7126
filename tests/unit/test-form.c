/* test-form.c - web forms, configured and recognised, and mail that is none. */
#include <gio/gio.h>
#include <string.h>

#include "base/config.h"
#include "base/limits.h"
#include "mail/form.h"

static GPtrArray *
list(const char *words)
{
	GPtrArray *result = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) split = g_strsplit(words, "|", -1);
	for (char **word = split; *word; word++)
		if (**word)
			g_ptr_array_add(result, g_strdup(*word));
	return result;
}

static GPtrArray *
networks(const char *words)
{
	GPtrArray *result = g_ptr_array_new_with_free_func(g_object_unref);
	g_autoptr(GPtrArray) each = list(words);
	for (guint i = 0; i < each->len; i++)
		g_ptr_array_add(result, g_inet_address_mask_new_from_string(
						g_ptr_array_index(each, i), NULL));
	return result;
}

/* What form_detect() reads of a configuration: no mailbox, at most one profile. */
struct setup {
	struct config config;
	struct config_form profile;
};

static void
setup_init(struct setup *setup, const char *senders, const char *clients, const char *logins,
	   const char *fields)
{
	*setup = (struct setup){ .config = { .own_domains = list("own.example"),
					     .own_networks = networks(""),
					     .trusted_authserv_ids = list("mx.own.example"),
					     .forms = g_ptr_array_new() } };
	if (!senders)
		return;
	setup->profile = (struct config_form){ .name = (char *)"contact",
					       .senders = list(senders),
					       .clients = networks(clients),
					       .logins = list(logins),
					       .fields = list(fields) };
	g_ptr_array_add(setup->config.forms, &setup->profile);
}

static void
setup_clear(struct setup *setup)
{
	if (setup->config.forms->len) {
		g_ptr_array_unref(setup->profile.senders);
		g_ptr_array_unref(setup->profile.clients);
		g_ptr_array_unref(setup->profile.logins);
		g_ptr_array_unref(setup->profile.fields);
	}
	g_ptr_array_unref(setup->config.own_domains);
	g_ptr_array_unref(setup->config.own_networks);
	g_ptr_array_unref(setup->config.trusted_authserv_ids);
	g_ptr_array_unref(setup->config.forms);
}

static struct form *
detect_with(struct setup *setup, const char *fields, const char *body, const char *client,
	    const char *login)
{
	g_autofree char *message = g_strdup_printf("%sTo: sales@own.example\n"
						   "MIME-Version: 1.0\n"
						   "Content-Type: text/plain; charset=utf-8\n"
						   "Content-Transfer-Encoding: 8bit\n\n%s",
						   fields, body);
	g_autoptr(raw_mail_owned) raw = raw_mail_new(1);
	raw->client_address = g_strdup(client);
	raw->auth_login = g_strdup(login);
	raw_mail_set_sender(raw, "bounce@web.example");
	raw_mail_add_recipient(raw, "sales@own.example");
	raw_mail_read(raw, message, strlen(message));
	g_autoptr(mail_owned) mail = mail_parse(raw);
	return form_detect(&setup->config, raw, mail, NULL);
}

static struct form *
detect(const char *fields, const char *body)
{
	struct setup setup;
	setup_init(&setup, NULL, "", "", "");
	struct form *form = detect_with(&setup, fields, body, NULL, NULL);
	setup_clear(&setup);
	return form;
}

#define SITE "From: Website <noreply@web.example>\nSubject: New request\n"

/* "key=value|key=value" */
static void
check_values(const struct form *form, const char *wants)
{
	g_auto(GStrv) pairs = g_strsplit(wants, "|", -1);
	for (char **pair = pairs; *pair; pair++) {
		g_auto(GStrv) want = g_strsplit(*pair, "=", 2);
		g_assert_cmpstr(form_value(form, want[0]), ==, want[1]);
	}
}

static const struct {
	const char *what, *fields, *body, *wants;
} forms[] = {
	{ "plain", SITE,
	  "Name: Luis Ortega\nEmail: luis@north.example\nPhone: +34 915 550 123\n"
	  "Company: North\nJob title: Buyer\nCountry: Spain\nSubject: Wrapper\n"
	  "Website: north.example\nMessage: We need a quote.\nutm_source: google\n"
	  "utm_campaign: q4\nReferrer: https://search.example/?q=pumps\n",
	  "name=Luis Ortega|email=luis@north.example|phone=+34 915 550 123|company=North|"
	  "title=Buyer|country=Spain|subject=Wrapper|url=north.example|"
	  "message=We need a quote.|utm_source=google|utm_campaign=q4|"
	  "referrer=https://search.example/?q=pumps" },
	{ "a message of several lines", SITE,
	  "Name: Luis Ortega\nEmail: luis@north.example\nMessage:\nHello,\n\nplease note: two "
	  "machines.\nBudget: open\n\n--\nThis e-mail was sent from a contact form on x\n",
	  "name=Luis Ortega|message=Hello,\n\nplease note: two machines.\nBudget: open" },
	{ "values below their labels", SITE,
	  "Your name *\nLuis Ortega\n\nE-mail address *\nluis@north.example\n\nPhone\n\n"
	  "Message\nHello\nthere\n",
	  "name=Luis Ortega|email=luis@north.example|phone=|message=Hello\nthere" },
	{ "two columns", SITE,
	  "Name\tLuis Ortega\nE-Mail\tluis@north.example\nTelephone:\t+34 915 550 123\n",
	  "name=Luis Ortega|email=luis@north.example|phone=+34 915 550 123" },
	{ "bold, bullets, numbers, required", SITE,
	  "*Name:* Luis Ortega\n**Email**: luis@north.example\n- Phone (required): 0915 550123\n"
	  "• Company* : North\n1. Message: Hello\n",
	  "name=Luis Ortega|email=luis@north.example|phone=0915 550123|company=North|"
	  "message=Hello" },
	{ "names of variables", SITE,
	  "first_name: Luis\nlast-name: Ortega\nyour-email: luis@north.example\n"
	  "your-message: Hello\n",
	  "first_name=Luis|last_name=Ortega|name=Luis Ortega|email=luis@north.example|"
	  "message=Hello" },
	{ "Contact Form 7", "From: North <wordpress@web.example>\nSubject: North \"hi\"\n",
	  "From: Luis Ortega <luis@north.example>\nSubject: Wrapper\n\nMessage Body:\nHello\n\n"
	  "-- \nThis e-mail was sent from a contact form on North (http://web.example)\n",
	  "name=Luis Ortega|email=luis@north.example|subject=Wrapper|message=Hello" },
	{ "Reply-To has the address", SITE "Reply-To: Luis Ortega <luis@north.example>\n",
	  "Phone: 0915 550123\nCompany: North\nMessage: Hello\n",
	  "email=luis@north.example|name=Luis Ortega|message=Hello" },
	{ "our own site", "From: Own <info@own.example>\nSubject: New request\n",
	  "Name: Luis Ortega\nEmail: luis@north.example\nMessage: Hello\n",
	  "name=Luis Ortega|email=luis@north.example" },
	{ "a link behind the address", SITE,
	  "Name: Luis Ortega\nEmail: luis@north.example <mailto:luis@north.example>\n"
	  "Message: Hello\n",
	  "email=luis@north.example" },
	{ "German", SITE,
	  "Vorname: Jürgen\nName: Groß\nFirma: Nord GmbH\nE-Mail-Adresse: j@north.example\n"
	  "Telefonnummer: 030 1234567\nIhre Nachricht: Bitte ein Angebot.\n",
	  "first_name=Jürgen|last_name=Groß|name=Jürgen Groß|company=Nord GmbH|"
	  "email=j@north.example|phone=030 1234567|message=Bitte ein Angebot." },
	{ "French", SITE,
	  "Nom\u00a0: Roux\nPrénom\u00a0: Anne\nSociété\u00a0: Nord SA\n"
	  "Adresse e-mail\u00a0: a@north.example\nTéléphone\u00a0: 01 23 45 67 89\n"
	  "Message\u00a0: Bonjour\n",
	  "last_name=Roux|first_name=Anne|name=Anne Roux|company=Nord SA|email=a@north.example|"
	  "phone=01 23 45 67 89|message=Bonjour" },
	{ "Spanish", SITE,
	  "Nombre: Ana\nApellidos: Ruiz Gil\nCorreo electrónico: a@north.example\n"
	  "Teléfono: 915550123\nEmpresa: Norte\nPaís: España\nMensaje: Hola\n",
	  "first_name=Ana|last_name=Ruiz Gil|name=Ana Ruiz Gil|email=a@north.example|"
	  "phone=915550123|company=Norte|country=España|message=Hola" },
	{ "Italian", SITE,
	  "Nome e cognome: Ada Neri\nIndirizzo email: a@north.example\nTelefono: 02 1234567\n"
	  "Azienda: Nord Srl\nMessaggio: Salve\n",
	  "name=Ada Neri|email=a@north.example|phone=02 1234567|company=Nord Srl|message=Salve" },
	{ "Portuguese", SITE,
	  "Nome completo: Ana Reis\nE-mail: a@north.example\nTelefone: 21 1234567\n"
	  "Empresa: Norte\nMensagem: Bom dia\n",
	  "name=Ana Reis|email=a@north.example|phone=21 1234567|company=Norte|message=Bom dia" },
	{ "Polish", SITE,
	  "Imię i nazwisko: Jan Bąk\nAdres e-mail: j@north.example\nNumer telefonu: 22 1234567\n"
	  "Nazwa firmy: Północ\nTreść wiadomości: Dzień dobry\n",
	  "name=Jan Bąk|email=j@north.example|phone=22 1234567|company=Północ|"
	  "message=Dzień dobry" },
	{ "Romanian", SITE,
	  "Nume: Pop\nPrenume: Ion\nAdresă de email: i@north.example\nTelefon: 021 1234567\n"
	  "Companie: Nord SRL\nȚara: România\nMesaj: Bună ziua\n",
	  "last_name=Pop|first_name=Ion|name=Ion Pop|email=i@north.example|phone=021 1234567|"
	  "company=Nord SRL|country=România|message=Bună ziua" },
	{ "Russian", SITE,
	  "Ваше имя: Иван Петров\nЭлектронная почта: i@north.example\nТелефон: 495 1234567\n"
	  "Компания: Север\nДолжность: Закупщик\nСтрана: Россия\nСообщение: Здравствуйте\n",
	  "name=Иван Петров|email=i@north.example|phone=495 1234567|company=Север|"
	  "title=Закупщик|country=Россия|message=Здравствуйте" },
	{ "Chinese", SITE,
	  "您的姓名：王芳\n电子邮箱：w@north.example\n联系电话：010 12345678\n公司名称：北方\n"
	  "职位：采购\n国家：中国\n留言内容：你好\n",
	  "name=王芳|email=w@north.example|phone=010 12345678|company=北方|title=采购|"
	  "country=中国|message=你好" },
};

static void
test_forms(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
		g_autoptr(form_owned) form = detect(forms[i].fields, forms[i].body);
		g_test_message("%s", forms[i].what);
		g_assert_nonnull(form);
		g_assert_cmpstr(form->name, ==, "auto");
		g_assert_false(form->trusted);
		g_auto(GStrv) pairs = g_strsplit(forms[i].wants, "|", -1);
		for (char **pair = pairs; *pair; pair++) {
			g_auto(GStrv) want = g_strsplit(*pair, "=", 2);
			g_assert_cmpstr(form_value(form, want[0]), ==, *want[1] ? want[1] : NULL);
		}
	}
}

static const struct {
	const char *what, *fields, *body;
} others[] = {
	{ "a person's signature", "From: Luis <luis@north.example>\nSubject: Hi\n",
	  "Hello,\n\nsee you.\n\nLuis Ortega\nPhone: 0915 550123\nEmail: luis@north.example\n"
	  "Web: north.example\n" },
	{ "the same with Reply-To",
	  "From: Luis <luis@north.example>\nReply-To: office@north.example\nSubject: Hi\n",
	  "Hello,\n\nsee you.\n\nLuis Ortega\nPhone: 0915 550123\nEmail: luis@north.example\n"
	  "Company: North\nWeb: north.example\n" },
	{ "a colleague's signature", "From: Ion <ion@own.example>\nSubject: Hi\n",
	  "Hello\n\nName: Ion\nPhone: 0915 550123\nEmail: ion@own.example\nCompany: Own\n" },
	{ "our own account at a shop", SITE,
	  "Name: Sales\nEmail: sales@own.example\nPhone: 0915 550123\nCompany: Own\n" },
	{ "a form to fill in", SITE "Reply-To: x@y.example\n",
	  "Name: ........\nPhone: ........\nCountry: ........\nCompany: ....\n" },
	{ "the head of a message", SITE,
	  "From: Luis <luis@north.example>\nTo: sales@own.example\nSubject: Hi\n"
	  "Message: Hello\n" },
	{ "too few fields", SITE, "Name: Luis\nEmail: luis@north.example\n" },
	{ "an answer", SITE "In-Reply-To: <1@own.example>\n",
	  "Name: Luis\nEmail: luis@north.example\nMessage: Hello\n" },
	{ "a list", SITE "List-Id: <x.y.example>\n",
	  "Name: Luis\nEmail: luis@north.example\nMessage: Hello\n" },
	{ "quoted", SITE, "> Name: Luis\n> Email: luis@north.example\n> Message: Hello\n" },
	{ "no address", SITE, "Name: Luis\nEmail: none\nMessage: Hello\nPhone: 0915 550123\n" },
	{ "empty", SITE, "" },
};

static void
test_others(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
		g_autoptr(form_owned) form = detect(others[i].fields, others[i].body);
		g_test_message("%s", others[i].what);
		g_assert_null(form);
	}
}

#define OWN "From: Website <site@own.example>\nSubject: x\n"
#define LEAD "Wie heißt du?: Luis\nMail: luis@north.example\n"

/* Which profile matches whom, and is it to be trusted. */
static void
test_profiles(void)
{
	static const struct {
		const char *senders, *clients, *logins, *fields, *client, *login;
		gboolean found, trusted;
	} wants[] = {
		{ "site@own.example", "192.0.2.0/24", "", OWN, "192.0.2.7", NULL, TRUE, TRUE },
		{ "site@own.example", "192.0.2.0/24", "", OWN, "198.51.100.7", NULL, FALSE, FALSE },
		{ "site@own.example", "2001:db8::/32", "", OWN, "2001:db8::7", NULL, TRUE, TRUE },
		{ "site@own.example", "", "web", OWN, NULL, "web", TRUE, TRUE },
		{ "site@own.example", "", "web", OWN, NULL, "other", FALSE, FALSE },
		{ "", "", "web", OWN, NULL, "WEB", TRUE, TRUE },
		{ "", "192.0.2.0/24", "web", OWN, "192.0.2.7", NULL, TRUE, TRUE },
		{ "other@own.example", "192.0.2.0/24", "", OWN, "192.0.2.7", NULL, FALSE, FALSE },
		/* a sender's address alone can be forged */
		{ "own.example", "", "", OWN, "198.51.100.7", NULL, TRUE, FALSE },
		{ "own.example", "", "",
		  "Authentication-Results: mx.own.example; dmarc=pass "
		  "header.from=own.example\n" OWN,
		  "198.51.100.7", NULL, TRUE, TRUE },
		{ "", "", "", OWN, "192.0.2.7", "web", FALSE, FALSE },
	};
	for (gsize i = 0; i < G_N_ELEMENTS(wants); i++) {
		struct setup setup;
		setup_init(&setup, wants[i].senders, wants[i].clients, wants[i].logins,
			   "Wie heißt du?=name|broken");
		g_autoptr(form_owned) form =
			detect_with(&setup, wants[i].fields, LEAD, wants[i].client, wants[i].login);
		g_test_message("%u", (guint)i);
		g_assert_cmpint(form != NULL, ==, wants[i].found);
		if (form) {
			g_assert_cmpstr(form->name, ==, "contact");
			g_assert_cmpint(form->trusted, ==, wants[i].trusted);
			check_values(form, "name=Luis|email=luis@north.example");
		}
		setup_clear(&setup);
	}
}

/* A profile's message without any field is no form. */
static void
test_profile_without_fields(void)
{
	struct setup setup;
	setup_init(&setup, "", "", "web", "");
	g_assert_null(detect_with(&setup, OWN, "The disk is full.\n", NULL, "web"));
	setup_clear(&setup);
}

static void
test_labels(void)
{
	g_autoptr(form_owned) form = detect(SITE, "Name: Luis\nEmail: luis@north.example\n"
						  "Number of machines: 3\nMessage: Hello\n");
	const struct form_field *field = g_ptr_array_index(form->fields, 2);
	g_assert_cmpstr(field->label, ==, "Number of machines");
	g_assert_null(field->key);
	g_assert_cmpstr(field->value, ==, "3");
}

static void
test_bounds(void)
{
	GString *body = g_string_new("Name: Luis\nEmail: luis@north.example\nMessage: ");
	for (int i = 0; i < 3000; i++)
		g_string_append(body, "äöü ");
	g_string_append(body, "\n--\n");
	for (int i = 0; i < 200; i++)
		g_string_append_printf(body, "Question %d: %d\n", i, i);
	g_autofree char *text = g_string_free(body, FALSE);
	g_autoptr(form_owned) form = detect(SITE, text);
	g_assert_nonnull(form);
	g_assert_cmpuint(form->fields->len, <=, LIMIT_FORM_FIELDS);
	g_assert_cmpuint(strlen(form_value(form, "message")), <=, LIMIT_FORM_VALUE);
	g_assert_true(g_utf8_validate(form_value(form, "message"), -1, NULL));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/form/forms", test_forms);
	g_test_add_func("/form/others", test_others);
	g_test_add_func("/form/profiles", test_profiles);
	g_test_add_func("/form/profile-without-fields", test_profile_without_fields);
	g_test_add_func("/form/labels", test_labels);
	g_test_add_func("/form/bounds", test_bounds);
	return g_test_run();
}

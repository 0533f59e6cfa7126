/*
 * api_session.c - users of the page: log in, who one is, log out; and what every request of theirs
 * must be like.
 *
 * A cookie comes along whoever made the browser ask.  So what changes anything must have the
 * session's second secret, come from the page's own origin and be JSON, which a form can't send;
 * and nothing is told under a host name that isn't ours, since a page that rebound its own name to
 * this address is of one origin with us.  Role and user are looked up in today's configuration.
 */
#include "hooks/in/api_call.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "hooks/in/browser.h"
#include "hooks/in/stream.h"
#include "lead/show.h"

static gboolean
refuse(struct api_call *call, guint status, const char *code, const char *message)
{
	api_answer_error(call, status, code, message, NULL);
	return FALSE;
}

/* --- what a request brings along --- */

static const char *
cookie_name(const struct api_call *call)
{
	return call->is_secure ? LOGIN_COOKIE_SECURE : LOGIN_COOKIE;
}

void
api_session_look(struct api_call *call)
{
	const struct config *config = call->view.config;
	gboolean proxied = browser_is_proxy(call->http->peer, config);
	const char *scheme =
		proxied ? server_call_last_header(call->http, "X-Forwarded-Proto") : NULL;
	const char *from = proxied ? server_call_last_header(call->http, "X-Forwarded-For") : NULL;
	char *peer = browser_forwarded_for(from);

	call->peer = peer ? peer : g_strdup(call->http->peer);
	call->is_secure = !strcmp(config->page_secure, "always") ||
			  (scheme && !g_ascii_strcasecmp(scheme, "https"));
	call->cookie = browser_cookie(server_call_header(call->http, "Cookie"), cookie_name(call));
}

void
api_session_clear(struct api_call *call)
{
	g_free((char *)call->peer);
	g_free((char *)call->cookie);
}

gboolean
api_session_check_host(struct api_call *call)
{
	return browser_host_allowed(server_call_header(call->http, "Host"), call->view.config) ||
	       refuse(call, 421, "misdirected", "not a name this server answers to: page_hosts");
}

/* GET and HEAD change nothing here. */
static gboolean
is_safe(const struct api_call *call)
{
	return !strcmp(call->http->method, "GET") || !strcmp(call->http->method, "HEAD");
}

static gboolean
check_origin(struct api_call *call)
{
	const struct server_call *http = call->http;

	return browser_is_same_origin(server_call_header(http, "Origin"),
				      server_call_header(http, "Sec-Fetch-Site"),
				      server_call_header(http, "Host")) ||
	       refuse(call, 403, "cross_site", "only the page itself may ask for this");
}

static gboolean
check_type(struct api_call *call)
{
	return browser_is_json(server_call_header(call->http, "Content-Type")) ||
	       refuse(call, 415, "no_json", "the body must be application/json");
}

static gboolean
check_change(struct api_call *call)
{
	if (is_safe(call))
		return TRUE;
	if (!check_origin(call))
		return FALSE;
	if (!login_csrf_fits(call->login, server_call_header(call->http, "X-CSRF-Token")))
		return refuse(call, 403, "csrf", "X-CSRF-Token is not the session's");
	return call->http->length == 0 || check_type(call);
}

static gboolean
is_operator(const struct login *login)
{
	return !strcmp(login->user->role, "operator");
}

gboolean
api_session_may(struct api_call *call, const char *scope)
{
	if (!call->cookie) {
		api_refuse_client(call, "neither credentials nor a session");
		return FALSE;
	}
	if (!api_session_check_host(call))
		return FALSE;
	if (!login_find(api_logins(call->api), call->cookie, call->view.config->page_users,
			call->now, &call->login_space)) {
		api_refuse_client(call, "no such session, or it has ended");
		return FALSE;
	}
	call->login = &call->login_space;
	if (!check_change(call))
		return FALSE;
	return strcmp(scope, "operate") != 0 || is_operator(call->login) ||
	       refuse(call, 403, "forbidden", "a viewer may not do that");
}

/* --- operations --- */

static void
answer_session(struct api_call *call)
{
	const struct login *login = call->login;
	cJSON *value = cJSON_CreateObject();

	cJSON_AddStringToObject(value, "user", login->user->name);
	cJSON_AddStringToObject(value, "role", login->user->role);
	show_add_text(value, "owner", login->user->owner);
	cJSON_AddStringToObject(value, "csrf", login->csrf);
	show_add_time(value, "expires", login->expires);
	cJSON_AddNumberToObject(value, "idle_seconds",
				(double)(call->view.config->page_idle / CLOCK_SECOND));
	cJSON_AddStringToObject(value, "version", LEADMILTER_VERSION);
	show_add_time(value, "now", call->now);
	api_answer_json(call, 200, value);
}

static void
set_cookie(struct api_call *call, const char *value, gint64 seconds)
{
	api_add_header(call, g_strdup_printf("Set-Cookie: %s=%s; Path=/; HttpOnly; "
					     "SameSite=Strict; Max-Age=%" G_GINT64_FORMAT "%s",
					     cookie_name(call), value, seconds,
					     call->is_secure ? "; Secure" : ""));
}

static gboolean
may_try(struct api_call *call)
{
	guint wait;

	if (!api_session_check_host(call) || !check_origin(call) || !check_type(call))
		return FALSE;
	wait = login_wait(api_logins(call->api), call->peer, call->now);
	if (wait == 0)
		return TRUE;
	refuse(call, 429, "too_many", "too many failures to log in");
	api_add_header(call, g_strdup_printf("Retry-After: %u", wait));
	return FALSE;
}

/* A new session has a new id: one that somebody planted in the browser is worth nothing. */
void
api_login(struct api_call *call)
{
	const struct config *config = call->view.config;
	struct logins *logins = api_logins(call->api);
	const struct config_page_user *user;
	char id[LOGIN_TEXT];

	if (!may_try(call))
		return;
	user = login_user(config->page_users, api_text(call->body, "token"));
	if (!user) {
		login_failed(logins, call->peer, call->now);
		log_notice("page: refused %s: login", call->peer);
		api_audit(call, "login", NULL, NULL, 401);
		refuse(call, 401, "unauthorized", "not a user's token");
		return;
	}
	login_end(logins, call->cookie);
	login_begin(logins, user, config->page_idle, config->page_life, call->now, id,
		    &call->login_space);
	call->login = &call->login_space;
	log_notice("page: %s logged in from %s", user->name, call->peer);
	api_audit(call, "login", NULL, NULL, 200);
	answer_session(call);
	set_cookie(call, id, config->page_life / CLOCK_SECOND);
}

void
api_get_session(struct api_call *call)
{
	answer_session(call);
}

void
api_logout(struct api_call *call)
{
	login_end(api_logins(call->api), call->cookie);
	stream_look(api_streams(call->api));
	api_audit(call, "logout", NULL, NULL, 200);
	api_answer_done(call);
	set_cookie(call, "", 0);
}

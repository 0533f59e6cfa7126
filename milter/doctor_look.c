/* doctor_look.c - see doctor_look.h: files, disks, lists, the clock. */
#include "doctor_look.h"
#include "base/clock.h"
#include "base/error.h"
#include "hooks/out/certificate.h"
#include "runtime.h"
#include "store/postgres.h"
#include "store/spool_look.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#define GROUPS_MOST 256

/* --- paths --- */

static gboolean
add_node(struct doctor_path *path, const char *name)
{
	struct stat info;
	if (stat(name, &info) != 0) {
		path->missing = g_strdup(name);
		return FALSE;
	}
	struct doctor_node *node = g_new0(struct doctor_node, 1);
	node->path = g_strdup(name);
	node->uid = info.st_uid;
	node->gid = info.st_gid;
	node->mode = info.st_mode & 07777;
	node->is_directory = S_ISDIR(info.st_mode);
	node->is_socket = S_ISSOCK(info.st_mode);
	g_ptr_array_add(path->nodes, node);
	return TRUE;
}

/* Permissions are those of the places a symbolic link leads to. */
struct doctor_path *
doctor_look_path(const char *name)
{
	struct doctor_path *path = doctor_path_new();
	g_autofree char *whole = g_canonicalize_filename(name, NULL);
	char *real = realpath(whole, NULL);
	path->real = g_strdup(real);
	free(real);
	const char *walked = path->real ? path->real : whole;
	gboolean there = add_node(path, "/");
	for (const char *slash = strchr(walked + 1, '/'); there && slash;
	     slash = strchr(slash + 1, '/')) {
		g_autofree char *part = g_strndup(walked, slash - walked);
		there = add_node(path, part);
	}
	if (there && walked[1])
		add_node(path, walked);
	return path;
}

void
doctor_look_user(const char *name, guint uid, struct doctor_user *ret)
{
	const struct passwd *user = name ? getpwnam(name) : getpwuid(uid);
	if (!user)
		return;
	g_free(ret->name);
	ret->name = g_strdup(user->pw_name);
	ret->uid = user->pw_uid;
	gid_t groups[GROUPS_MOST];
	int count = GROUPS_MOST;
	if (getgrouplist(ret->name, user->pw_gid, groups, &count) < 0)
		count = GROUPS_MOST;
	g_array_set_size(ret->groups, 0);
	for (int i = 0; i < count; i++) {
		guint gid = groups[i];
		g_array_append_val(ret->groups, gid);
	}
}

/* --- the configuration --- */

static void
add_secret(GPtrArray *paths, const char *path, gsize length, const char *directory)
{
	g_autofree char *name = g_strndup(path, length);
	g_ptr_array_add(paths, g_canonicalize_filename(g_strstrip(name), directory));
}

GPtrArray *
doctor_look_secrets(const char *text, const char *directory)
{
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	gboolean holidays = FALSE;
	for (char **line = lines; *line; line++) {
		const char *start = *line + strspn(*line, " \t");
		if (*start == '#')
			continue;
		holidays |= g_str_has_prefix(start, "holidays");
		for (const char *at = start; !holidays && (at = strstr(at, "file:")); at += 5) {
			gboolean begins = at > start && strchr("\"= :", at[-1]);
			if (begins)
				add_secret(paths, at + 5, strcspn(at + 5, "\""), directory);
		}
		holidays &= !strchr(start, '}');
	}
	return paths;
}

static void
look_at_secrets(struct doctor_facts *facts, const char *config_path)
{
	g_autofree char *text = NULL, *directory = g_path_get_dirname(config_path);
	g_autofree char *base = g_canonicalize_filename(directory, NULL);
	if (!g_file_get_contents(config_path, &text, NULL, NULL))
		return;
	g_autoptr(GPtrArray) paths = doctor_look_secrets(text, base);
	for (guint i = 0; i < paths->len; i++) {
		struct doctor_secret *secret = g_new0(struct doctor_secret, 1);
		secret->path = g_strdup(g_ptr_array_index(paths, i));
		secret->node = doctor_look_path(secret->path);
		g_ptr_array_add(facts->secrets, secret);
	}
}

/* The whole of it, as the daemon would at a reload: lists and rules too. */
static void
look_at_config(struct doctor_facts *facts, const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(generation_owned) generation = generation_load(path, &error);
	if (generation)
		facts->config = config_ref(generation->config);
	else
		facts->config_error = g_strdup(error->message);
	if (!facts->config && path) /* enough to look at the rest? */
		facts->config = config_load_options(path, NULL);
	if (!path)
		return;
	facts->config_file = doctor_look_path(path);
	for (guint i = 0; facts->config && i < facts->config->scorecard_files->len; i++)
		g_ptr_array_add(facts->scorecards, doctor_look_path(g_ptr_array_index(
							   facts->config->scorecard_files, i)));
	look_at_secrets(facts, path);
}

/* --- disks --- */

static void
note_newest(struct doctor_facts *facts, const char *path)
{
	struct stat info;
	if (path && stat(path, &info) == 0)
		facts->newest = MAX(facts->newest, info.st_mtime * (gint64)CLOCK_SECOND);
}

static void
look_at_disk(struct doctor_disk *disk, const char *name, const char *path)
{
	g_autofree char *directory = path ? g_path_get_dirname(path) : NULL;
	struct statvfs info;
	disk->name = name;
	if (!path || (statvfs(path, &info) != 0 && statvfs(directory, &info) != 0))
		return;
	disk->known = TRUE;
	disk->size = (double)info.f_blocks * (double)info.f_frsize;
	disk->free = (double)info.f_bavail * (double)info.f_frsize;
	disk->files = (double)info.f_files;
	disk->free_files = (double)info.f_favail;
}

char *
doctor_look_passfile(const char *store)
{
	return postgres_is_url(store) ? postgres_passfile(store) : NULL;
}

static void
look_at_places(struct doctor_facts *facts)
{
	const char *store = facts->config->store;
	if (g_str_has_prefix(store, "sqlite:"))
		store += strlen("sqlite:");
	const char *file = *store == '/' ? store : NULL;
	const char *directory = facts->config->spool_directory;
	struct spool_look look;
	if (file)
		facts->store = doctor_look_path(file);
	facts->spool = doctor_look_path(directory);
	g_autofree char *passfile = doctor_look_passfile(store);
	if (passfile)
		facts->password = doctor_look_path(passfile);
	look_at_disk(&facts->disks[0], "store", file);
	look_at_disk(&facts->disks[1], "spool", directory);
	note_newest(facts, file);
	note_newest(facts, directory);
	facts->spool_known = spool_look(directory, &look, NULL);
	if (!facts->spool_known)
		return;
	facts->spool_files = look.files;
	facts->spool_bytes = look.bytes;
	facts->spool_oldest = look.oldest;
	facts->spool_bad = look.bad;
}

/* --- lists, certificates, clock --- */

static guint
count_lines(const char *path)
{
	g_autofree char *text = NULL;
	guint count = 0;
	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	for (const char *line = text; *line;) {
		gsize length = strcspn(line, "\n");
		count += length > 0 && *line != '#';
		line += length + (line[length] == '\n');
	}
	return count;
}

static void
look_at_lists(struct doctor_facts *facts)
{
	const struct config *config = facts->config;
	const struct {
		const char *name, *path;
	} lists[] = {
		{ "freemail", config->freemail_list }, { "disposable", config->disposable_list },
		{ "relay", config->relay_list },       { "role", config->role_list },
		{ "isp", config->isp_list },
	};
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
		struct doctor_list *list = g_new0(struct doctor_list, 1);
		struct stat info;
		list->name = lists[i].name;
		list->path = g_strdup(lists[i].path ? lists[i].path : lists[i].name);
		if (stat(list->path, &info) == 0)
			list->modified = info.st_mtime * (gint64)CLOCK_SECOND;
		list->lines = count_lines(list->path);
		g_ptr_array_add(facts->lists, list);
	}
}

static void
look_at_certificate(struct doctor_facts *facts, const char *path)
{
	g_autoptr(GError) error = NULL;
	struct doctor_certificate *certificate = g_new0(struct doctor_certificate, 1);
	certificate->path = g_strdup(path);
	certificate->expires = certificate_expires(path, &error);
	certificate->error = error ? g_strdup(error->message) : NULL;
	g_ptr_array_add(facts->certificates, certificate);
}

static void
look_at_certificates(struct doctor_facts *facts)
{
	for (guint i = 0; i < facts->config->endpoints->len; i++) {
		const struct config_endpoint *endpoint =
			g_ptr_array_index(facts->config->endpoints, i);
		if (endpoint->client_cert)
			look_at_certificate(facts, endpoint->client_cert);
		if (endpoint->ca_file)
			look_at_certificate(facts, endpoint->ca_file);
	}
}

static void
look_at_clock(struct doctor_facts *facts)
{
	struct timex state = { 0 };
	int result = adjtimex(&state);
	facts->now = clock_now();
	facts->clock_known = result >= 0;
	facts->clock_synchronised = result >= 0 && !(state.status & STA_UNSYNC);
}

/* --- all --- */

/* Who the daemon is: what its process says, else what is configured. */
static void
look_at_user(struct doctor_facts *facts)
{
	g_autofree char *directory = g_strdup_printf("/proc/%u", facts->daemon.pid);
	struct stat info;
	if (facts->daemon.pid && stat(directory, &info) == 0)
		doctor_look_user(NULL, info.st_uid, &facts->user);
	else if (facts->config->user)
		doctor_look_user(facts->config->user, 0, &facts->user);
}

struct doctor_facts *
doctor_look(const struct doctor_options *options)
{
	struct doctor_facts *facts = doctor_facts_new();
	facts->as_root = geteuid() == 0;
	look_at_clock(facts);
	look_at_config(facts, options->config_path);
	if (!facts->config)
		return facts;
	doctor_ask_daemon(facts);
	look_at_user(facts);
	doctor_ask_socket(facts);
	doctor_ask_postfix(facts, options->postfix);
	if (!facts->postfix.found)
		doctor_look_sendmail(facts, options->sendmail);
	look_at_places(facts);
	doctor_ask_store(facts, options);
	if (options->probe && !options->no_network)
		doctor_ask_endpoints(facts);
	look_at_lists(facts);
	look_at_certificates(facts);
	return facts;
}

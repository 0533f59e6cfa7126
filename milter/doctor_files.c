/* doctor_files.c - see doctor.h: who may read and write what, the store, and room on the disks; and
 * the life of facts. */
#include "doctor.h"
#include "base/error.h"

#include <string.h>

#define DISK_FULL 0.05
#define DISK_LOW 0.15
#define LOG_LARGE (256 << 20)

/* --- who may --- */

static gboolean
is_in_group(const struct doctor_user *user, guint gid)
{
	for (guint i = 0; user->groups && i < user->groups->len; i++)
		if (g_array_index(user->groups, guint, i) == gid)
			return TRUE;
	return FALSE;
}

gboolean
doctor_may(const struct doctor_user *user, const struct doctor_node *node, guint bits)
{
	guint shift = user->uid == node->uid ? 6 : is_in_group(user, node->gid) ? 3 : 0;
	return user->uid == 0 || ((node->mode >> shift) & bits) == bits;
}

static gboolean
is_at_or_above(const char *path, const char *directory)
{
	gsize length = strlen(path);
	return !strcmp(path, "/") || (g_str_has_prefix(directory, path) &&
				      (!directory[length] || directory[length] == '/'));
}

const struct doctor_node *
doctor_blocker(const struct doctor_user *user, const struct doctor_path *path, guint bits,
	       const char *below)
{
	for (guint i = 0; i < path->nodes->len; i++) {
		const struct doctor_node *node = g_ptr_array_index(path->nodes, i);
		gboolean last = i + 1 == path->nodes->len;
		if (below && is_at_or_above(node->path, below))
			continue;
		if (!doctor_may(user, node, last ? bits : 1))
			return node;
	}
	return NULL;
}

/* --- files --- */

static const struct doctor_node *
last_of(const struct doctor_path *path)
{
	if (!path || path->missing || !path->nodes->len)
		return NULL;
	return g_ptr_array_index(path->nodes, path->nodes->len - 1);
}

static void
judge_read(const struct doctor_facts *facts, const struct doctor_path *path, GPtrArray *findings)
{
	const struct doctor_node *file = last_of(path);
	const struct doctor_node *node =
		file && facts->user.name ? doctor_blocker(&facts->user, path, 4, NULL) : NULL;
	if (node)
		doctor_find(findings, DOCTOR_CONFIG_UNREADABLE,
			    "%s: user %s is kept out by %s, mode %04o", file->path,
			    facts->user.name, node->path, node->mode & 07777);
}

static void
judge_config_file(const struct doctor_facts *facts, GPtrArray *findings)
{
	const struct doctor_node *file = last_of(facts->config_file);
	if (!file)
		return;
	if (file->mode & 0022)
		doctor_find(findings, DOCTOR_CONFIG_WRITABLE, "%s, mode %04o", file->path,
			    file->mode & 07777);
	if (file->mode & 0004 && facts->config &&
	    (facts->config->endpoints->len || facts->config->clients->len))
		doctor_find(findings, DOCTOR_CONFIG_READABLE, "%s, mode %04o", file->path,
			    file->mode & 07777);
}

static void
judge_secret(const struct doctor_facts *facts, const struct doctor_secret *secret,
	     GPtrArray *findings)
{
	const struct doctor_node *file = last_of(secret->node);
	if (!file) /* then the configuration is wrong, which says so */
		return;
	if (file->mode & 0004)
		doctor_find(findings, DOCTOR_SECRET_READABLE, "%s, mode %04o", secret->path,
			    file->mode & 07777);
	if (file->mode & 0022)
		doctor_find(findings, DOCTOR_SECRET_WRITABLE, "%s, mode %04o", secret->path,
			    file->mode & 07777);
	const struct doctor_node *node =
		facts->user.name ? doctor_blocker(&facts->user, secret->node, 4, NULL) : NULL;
	if (node)
		doctor_find(findings, DOCTOR_SECRET_UNREADABLE, "%s: user %s is kept out by %s",
			    secret->path, facts->user.name, node->path);
}

/* What the daemon writes: it may, others may not look. */
static void
judge_place(const struct doctor_facts *facts, const struct doctor_path *path, guint bits,
	    enum doctor_id unwritable, enum doctor_id open, GPtrArray *findings)
{
	const struct doctor_node *last = last_of(path);
	if (!last)
		return;
	const struct doctor_node *node =
		facts->user.name ? doctor_blocker(&facts->user, path, bits, NULL) : NULL;
	if (node)
		doctor_find(findings, unwritable, "%s: user %s is kept out by %s, mode %04o",
			    last->path, facts->user.name, node->path, node->mode & 07777);
	if (last->mode & 0007)
		doctor_find(findings, open, "%s, mode %04o", last->path, last->mode & 07777);
}

/* --- the store --- */

static enum doctor_id
kind_of_failure(int code)
{
	return code == ERROR_STORE_SCHEMA    ? DOCTOR_STORE_SCHEMA
	       : code == ERROR_STORE_CORRUPT ? DOCTOR_STORE_CORRUPT
					     : DOCTOR_STORE_UNREADABLE;
}

/* SQLite makes its log beside the file. */
static void
judge_store_directory(const struct doctor_facts *facts, GPtrArray *findings)
{
	guint length = facts->store ? facts->store->nodes->len : 0;
	const struct doctor_node *directory =
		length > 1 ? g_ptr_array_index(facts->store->nodes, length - 2) : NULL;
	if (directory && facts->user.name && !doctor_may(&facts->user, directory, 7))
		doctor_find(findings, DOCTOR_STORE_UNWRITABLE,
			    "%s: user %s may not write it, mode %04o", directory->path,
			    facts->user.name, directory->mode & 07777);
}

static void
judge_store(const struct doctor_facts *facts, GPtrArray *findings)
{
	if (facts->store && facts->store->missing) {
		doctor_find(findings, DOCTOR_STORE_MISSING, "%s is not there",
			    facts->store->missing);
		return;
	}
	judge_place(facts, facts->store, 6, DOCTOR_STORE_UNWRITABLE, DOCTOR_STORE_OPEN, findings);
	judge_store_directory(facts, findings);
	if (facts->store_error)
		doctor_find(findings, kind_of_failure(facts->store_code), "%s", facts->store_error);
	if (facts->store_log_bytes > LOG_LARGE)
		doctor_find(findings, DOCTOR_STORE_LOG, "the log has %" G_GINT64_FORMAT " MiB",
			    facts->store_log_bytes >> 20);
}

/* libpq passes over a file that others than its owner may read. */
static void
judge_password(const struct doctor_facts *facts, GPtrArray *findings)
{
	const struct doctor_path *path = facts->password;
	const struct doctor_node *file = last_of(path), *node;
	if (path && path->missing)
		doctor_find(findings, DOCTOR_STORE_PASSWORD, "%s is not there", path->missing);
	if (!file)
		return;
	node = facts->user.name ? doctor_blocker(&facts->user, path, 4, NULL) : NULL;
	if (node)
		doctor_find(findings, DOCTOR_STORE_PASSWORD,
			    "%s: user %s is kept out by %s, mode %04o", file->path,
			    facts->user.name, node->path, node->mode & 07777);
	else if (file->mode & 0077)
		doctor_find(findings, DOCTOR_STORE_PASSWORD, "%s, mode %04o", file->path,
			    file->mode & 07777);
}

static void
judge_spool_directory(const struct doctor_facts *facts, GPtrArray *findings)
{
	if (facts->spool && facts->spool->missing)
		doctor_find(findings, DOCTOR_SPOOL_MISSING, "%s is not there",
			    facts->spool->missing);
	judge_place(facts, facts->spool, 7, DOCTOR_SPOOL_UNWRITABLE, DOCTOR_SPOOL_OPEN, findings);
}

static void
judge_disk(const struct doctor_disk *disk, GPtrArray *findings)
{
	double left = disk->size > 0 ? disk->free / disk->size : 1;
	if (!disk->known)
		return;
	if (left < DISK_LOW)
		doctor_find(findings, left < DISK_FULL ? DOCTOR_DISK_FULL : DOCTOR_DISK_LOW,
			    "%s: %.1f %% (%.0f MiB) are free", disk->name, 100 * left,
			    disk->free / (1 << 20));
	if (disk->files > 0 && disk->free_files / disk->files < DISK_FULL)
		doctor_find(findings, DOCTOR_INODES_LOW, "%s: %.0f of %.0f inodes are free",
			    disk->name, disk->free_files, disk->files);
}

void
doctor_judge_files(const struct doctor_facts *facts, GPtrArray *findings)
{
	judge_config_file(facts, findings);
	judge_read(facts, facts->config_file, findings);
	for (guint i = 0; i < facts->scorecards->len; i++)
		judge_read(facts, g_ptr_array_index(facts->scorecards, i), findings);
	for (guint i = 0; i < facts->secrets->len; i++)
		judge_secret(facts, g_ptr_array_index(facts->secrets, i), findings);
	judge_store(facts, findings);
	judge_password(facts, findings);
	judge_spool_directory(facts, findings);
	for (guint i = 0; i < G_N_ELEMENTS(facts->disks); i++)
		judge_disk(&facts->disks[i], findings);
}

/* --- the life of facts --- */

static void
node_free(gpointer data)
{
	struct doctor_node *node = data;
	g_free(node->path);
	g_free(node);
}

void
doctor_path_free(struct doctor_path *path)
{
	if (!path)
		return;
	g_ptr_array_unref(path->nodes);
	g_free(path->missing);
	g_free(path->real);
	g_free(path);
}

void
doctor_secret_free(struct doctor_secret *secret)
{
	g_free(secret->path);
	doctor_path_free(secret->node);
	g_free(secret);
}

void
doctor_service_free(struct doctor_service *service)
{
	g_free(service->name);
	g_hash_table_unref(service->own);
	g_free(service);
}

void
doctor_endpoint_free(struct doctor_endpoint *endpoint)
{
	g_free(endpoint->name);
	g_free(endpoint->reason);
	g_free(endpoint->unreachable);
	g_free(endpoint);
}

void
doctor_list_free(struct doctor_list *list)
{
	g_free(list->path);
	g_free(list);
}

void
doctor_certificate_free(struct doctor_certificate *certificate)
{
	g_free(certificate->path);
	g_free(certificate->error);
	g_free(certificate);
}

#define ARRAY(type) g_ptr_array_new_with_free_func((GDestroyNotify)doctor_##type##_free)

static GHashTable *
texts(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

struct doctor_facts *
doctor_facts_new(void)
{
	struct doctor_facts *facts = g_new0(struct doctor_facts, 1);
	facts->scorecards = ARRAY(path);
	facts->secrets = ARRAY(secret);
	facts->endpoints = ARRAY(endpoint);
	facts->lists = ARRAY(list);
	facts->certificates = ARRAY(certificate);
	facts->postfix.services = ARRAY(service);
	facts->postfix.parameters = texts();
	facts->postfix.real = texts();
	facts->postfix.owner.groups = g_array_new(FALSE, FALSE, sizeof(guint));
	facts->user.groups = g_array_new(FALSE, FALSE, sizeof(guint));
	facts->daemon.others = g_array_new(FALSE, FALSE, sizeof(guint));
	facts->daemon.restart_needed = g_ptr_array_new_with_free_func(g_free);
	return facts;
}

struct doctor_path *
doctor_path_new(void)
{
	struct doctor_path *path = g_new0(struct doctor_path, 1);
	path->nodes = g_ptr_array_new_with_free_func(node_free);
	return path;
}

static void
free_daemon(struct doctor_daemon *daemon)
{
	g_free(daemon->error);
	g_free(daemon->version);
	g_free(daemon->store_away);
	g_array_unref(daemon->others);
	g_ptr_array_unref(daemon->restart_needed);
}

static void
free_postfix(struct doctor_postfix *postfix)
{
	g_free(postfix->error);
	g_free(postfix->owner.name);
	g_array_unref(postfix->owner.groups);
	g_hash_table_unref(postfix->parameters);
	g_hash_table_unref(postfix->real);
	g_ptr_array_unref(postfix->services);
}

void
doctor_facts_free(struct doctor_facts *facts)
{
	if (!facts)
		return;
	free_daemon(&facts->daemon);
	free_postfix(&facts->postfix);
	g_free(facts->sendmail.path);
	g_free(facts->sendmail.text);
	g_free(facts->socket.error);
	doctor_path_free(facts->socket.path);
	doctor_path_free(facts->config_file);
	doctor_path_free(facts->store);
	doctor_path_free(facts->spool);
	doctor_path_free(facts->password);
	g_free(facts->user.name);
	g_array_unref(facts->user.groups);
	g_free(facts->config_error);
	g_free(facts->store_error);
	g_ptr_array_unref(facts->scorecards);
	g_ptr_array_unref(facts->secrets);
	g_ptr_array_unref(facts->endpoints);
	g_ptr_array_unref(facts->lists);
	g_ptr_array_unref(facts->certificates);
	if (facts->config)
		config_unref(facts->config);
	g_free(facts);
}

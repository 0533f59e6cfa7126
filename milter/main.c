/*
 * main.c - the daemon: start, signals, housekeeping, stop.
 *
 * Order of the start: configuration, sockets (as root if need be), privileges dropped, store,
 * spool, delivery, clockwork, hook, control socket, ready.  libmilter takes SIGHUP, SIGTERM and
 * SIGINT for stopping, so a reload is SIGUSR1, waited for by a thread of its own.  Stopping: no new
 * work, callbacks finish (10 s at most), deliveries in flight finish, store closes.
 */
#include "base/clock.h"
#include "base/error.h"
#include "clockwork.h"
#include "control.h"
#include "filter.h"
#include "hook.h"
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_CONFIG 78 /* EX_CONFIG of sysexits.h */
#define EXIT_FAILED 70 /* EX_SOFTWARE */
#define DRAIN_LIMIT (8 * G_USEC_PER_SEC)
#define DELIVERY_GRACE (1 * G_USEC_PER_SEC)
#define THREAD_STACK (2 << 20)
#define KEEP_EVERY (10 * (gint64)G_USEC_PER_SEC)
#define PATIENCE_STEP 10 /* seconds: so often systemd is asked to wait on while we start */
#define PATIENCE_MOST 3600 /* seconds in all */
#define EXPIRE_EVERY (3600 * (gint64)G_USEC_PER_SEC)

struct daemon {
	struct runtime *runtime;
	struct control *control;
	struct clockwork *clockwork;
	struct hook *hook;
	pthread_t signals, housekeeper;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	gboolean stopping; /* under mutex */
};

static int
fail(int code, const GError *error)
{
	log_error("%s", error ? error->message : "failed");
	return code;
}

/* --- into the background --- */

/* Whoever started us waits until we serve, and gets the exit status of a start that failed.
 * @return the end to tell it, -1 when forking failed */
static int
go_into_background(void)
{
	int ends[2];
	unsigned char code = EXIT_FAILED;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid_t child = fork();
	if (child < 0)
		return -1;
	if (!child) {
		close(ends[0]);
		setsid();
		return ends[1];
	}
	close(ends[1]);
	while (read(ends[0], &code, 1) < 0 && errno == EINTR)
		;
	_exit(code);
}

static void
tell_starter(int starter, int exit_code)
{
	unsigned char code = (unsigned char)exit_code;
	if (starter < 0)
		return;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	while (write(starter, &code, 1) < 0 && errno == EINTR)
		;
	close(starter);
}

/* A start that fails is told to whoever waits for it, and to syslog. */
static int
fail_start(const GError *error, const struct config *config, int starter)
{
	int code = error && error->code == ERROR_CONFIG ? EXIT_CONFIG : EXIT_FAILED;
	fail(code, error);
	if (!strcmp(config->log_target, "syslog"))
		fprintf(stderr, "leadmilter: %s\n", error ? error->message : "failed");
	tell_starter(starter, code);
	return code;
}

/* --- a start that takes its time --- */

/* A store of a million leads that is brought to a newer schema takes longer than systemd waits. */
struct patience {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	gboolean done; /* under mutex */
};

static void *
ask_for_patience(void *data)
{
	struct patience *patience = data;
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	time_t end = until.tv_sec + PATIENCE_MOST;
	pthread_mutex_lock(&patience->mutex);
	while (!patience->done && until.tv_sec < end) {
		service_starting(3 * PATIENCE_STEP);
		until.tv_sec += PATIENCE_STEP;
		while (!patience->done && pthread_cond_timedwait(&patience->wake, &patience->mutex,
								 &until) != ETIMEDOUT)
			;
	}
	pthread_mutex_unlock(&patience->mutex);
	return NULL;
}

static struct runtime *
open_runtime(struct generation *generation, const char *path, GError **error)
{
	struct patience patience = { .mutex = PTHREAD_MUTEX_INITIALIZER,
				     .wake = PTHREAD_COND_INITIALIZER };
	gboolean asks = pthread_create(&patience.thread, NULL, ask_for_patience, &patience) == 0;
	struct runtime *runtime =
		runtime_open(path, generation_ref(generation),
			     RUNTIME_STORE | RUNTIME_SPOOL | RUNTIME_DELIVER, error);
	if (!asks)
		return runtime;
	pthread_mutex_lock(&patience.mutex);
	patience.done = TRUE;
	pthread_cond_signal(&patience.wake);
	pthread_mutex_unlock(&patience.mutex);
	pthread_join(patience.thread, NULL);
	return runtime;
}

/* --- threads beside libmilter's --- */

/* The watchdog ends a daemon of which nothing comes back.  A store that answers with an error, or a
 * server that doesn't, is no reason: mail goes to the spool, and a new start would not mend it. */
static void
show_life(struct runtime *runtime)
{
	service_spooled((guint)spool_count(runtime->spool, NULL));
	if (service_is_watched()) {
		if (!store_is_remote(runtime->store))
			store_outbox_next(runtime->store, NULL, NULL);
		service_alive();
	}
}

/* Waits for SIGUSR1; shows every second that the daemon lives, whatever its housekeeper is at. */
static void *
watch(void *data)
{
	struct daemon *daemon = data;
	const struct timespec second = { 1, 0 };
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	for (;;) {
		int received = sigtimedwait(&set, NULL, &second);
		pthread_mutex_lock(&daemon->mutex);
		gboolean stopping = daemon->stopping;
		pthread_mutex_unlock(&daemon->mutex);
		if (stopping)
			break;
		if (received == SIGUSR1)
			runtime_reload(daemon->runtime, NULL);
		show_life(daemon->runtime);
	}
	return NULL;
}

static void
expire(struct runtime *runtime)
{
	g_autoptr(GError) error = NULL;
	if (!store_holds(runtime->store, "retention"))
		return;
	g_autoptr(generation_owned) generation = runtime_generation(runtime);
	if (store_expire(runtime->store, generation->config, clock_now(), &error) < 0)
		log_warning("retention: %s", error->message);
}

/* Beside other hosts: that we live. */
static void
keep_place(struct runtime *runtime)
{
	g_autoptr(GError) error = NULL;
	if (!outage_is_on(runtime->outage) && !store_keep(runtime->store, &error))
		log_warning("hosts: our sign of life could not be written: %s", error->message);
}

/* Hourly: retention; beside other hosts our sign of life. */
static void *
keep_house(void *data)
{
	struct daemon *daemon = data;
	gint64 next_expiry = g_get_monotonic_time() + EXPIRE_EVERY, next_keep = 0;
	pthread_mutex_lock(&daemon->mutex);
	while (!daemon->stopping) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
		pthread_cond_timedwait(&daemon->wake, &daemon->mutex, &until);
		if (daemon->stopping)
			break;
		pthread_mutex_unlock(&daemon->mutex);
		if (g_get_monotonic_time() >= next_expiry) {
			expire(daemon->runtime);
			next_expiry += EXPIRE_EVERY;
		}
		if (g_get_monotonic_time() >= next_keep) {
			keep_place(daemon->runtime);
			next_keep = g_get_monotonic_time() + KEEP_EVERY;
		}
		pthread_mutex_lock(&daemon->mutex);
	}
	pthread_mutex_unlock(&daemon->mutex);
	return NULL;
}

/* Before any thread is made: SIGUSR1 is for our waiting thread, the others for libmilter's. */
static void
block_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static gboolean
start_threads(struct daemon *daemon, GError **error)
{
	pthread_mutex_init(&daemon->mutex, NULL);
	pthread_cond_init(&daemon->wake, NULL);
	int failed = pthread_create(&daemon->signals, NULL, watch, daemon);
	if (!failed)
		failed = pthread_create(&daemon->housekeeper, NULL, keep_house, daemon);
	if (failed)
		g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "starting threads: %s",
			    g_strerror(failed));
	return !failed;
}

static void
stop_threads(struct daemon *daemon)
{
	pthread_mutex_lock(&daemon->mutex);
	daemon->stopping = TRUE;
	pthread_cond_broadcast(&daemon->wake);
	pthread_mutex_unlock(&daemon->mutex);
	pthread_kill(daemon->signals, SIGUSR1);
	pthread_join(daemon->signals, NULL);
	pthread_join(daemon->housekeeper, NULL);
}

/* --- the process --- */

/* accept() failing on EMFILE spins inside libmilter, and a thread that can't be made strands a
 * session: raise the one, bound the stacks of the other. */
static void
set_limits(const struct config *config)
{
	struct rlimit files;
	rlim_t wanted = (rlim_t)config->max_sessions + 512;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < wanted) {
		files.rlim_cur = MIN(wanted, files.rlim_max);
		if (geteuid() == 0 && files.rlim_max < wanted)
			files.rlim_cur = files.rlim_max = wanted;
		if (setrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur < wanted)
			log_warning("only %ju open files for max_sessions = %u",
				    (uintmax_t)files.rlim_cur, config->max_sessions);
	}
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK);
	pthread_setattr_default_np(&attributes);
	pthread_attr_destroy(&attributes);
}

static gboolean
drop_privileges(const struct config *config, GError **error)
{
	if (!config->user || geteuid() != 0)
		return TRUE;
	const struct passwd *user = getpwnam(config->user);
	const struct group *group = config->group ? getgrnam(config->group) : NULL;
	if (!user || (config->group && !group)) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
			    "%s:0: no such user or group: %s%s%s", config->path, config->user,
			    config->group ? ", " : "", config->group ? config->group : "");
		return FALSE;
	}
	gid_t gid = group ? group->gr_gid : user->pw_gid;
	if (initgroups(config->user, gid) < 0 || setgid(gid) < 0 || setuid(user->pw_uid) < 0) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "becoming user %s: %s",
			    config->user, g_strerror(errno));
		return FALSE;
	}
	return TRUE;
}

static void
write_pid_file(const struct config *config)
{
	g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());
	g_autoptr(GError) error = NULL;
	if (config->pid_file && !g_file_set_contents(config->pid_file, text, -1, &error))
		log_warning("pid_file: %s", error->message);
}

static gboolean
open_daemon(struct daemon *daemon, struct generation *generation, const char *path, GError **error)
{
	struct config *config = generation->config;
	if (!filter_open(config, error) || !drop_privileges(config, error))
		return FALSE;
	write_pid_file(config);
	daemon->runtime = open_runtime(generation, path, error);
	if (!daemon->runtime)
		return FALSE;
	daemon->clockwork = clockwork_start(daemon->runtime, error);
	if (!daemon->clockwork || !hook_start(daemon->runtime, &daemon->hook, error))
		return FALSE;
	/* Last: whoever gets an answer there takes us for started. */
	daemon->control = control_start(daemon->runtime, config->control_socket, error);
	return daemon->control && start_threads(daemon, error);
}

static void
close_daemon(struct daemon *daemon, const struct config *config)
{
	service_stopping();
	gboolean idle = filter_drain(g_get_monotonic_time() + DRAIN_LIMIT);
	if (!idle)
		log_warning("some sessions were still working after %d s",
			    (int)(DRAIN_LIMIT / G_USEC_PER_SEC));
	hook_stop(daemon->hook);
	control_stop(daemon->control);
	clockwork_stop(daemon->clockwork);
	stop_threads(daemon);
	if (config->pid_file)
		unlink(config->pid_file);
	if (g_str_has_prefix(config->socket, "unix:"))
		unlink(config->socket + 5);
	if (idle) /* else a callback may still use it; the process ends anyway */
		runtime_close(daemon->runtime, DELIVERY_GRACE);
	log_notice("stopped");
}

static int
run_daemon(struct generation *generation, const char *path, gboolean foreground)
{
	struct config *config = generation->config;
	g_autoptr(GError) error = NULL;
	struct daemon self = { 0 };
	int starter = foreground ? -1 : go_into_background();
	if (!foreground && starter < 0) {
		log_error("going into the background: %s", g_strerror(errno));
		return EXIT_FAILED;
	}
	block_signals();
	set_limits(config);
	if (!open_daemon(&self, generation, path, &error)) {
		hook_stop(self.hook);
		control_stop(self.control);
		clockwork_stop(self.clockwork);
		runtime_close(self.runtime, 0);
		return fail_start(error, config, starter);
	}
	tell_starter(starter, EXIT_SUCCESS);
	log_notice("leadmilter %s serving %s", LEADMILTER_VERSION, config->socket);
	service_ready(config->socket);
	gboolean served = filter_run(self.runtime);
	close_daemon(&self, config);
	return served ? EXIT_SUCCESS : EXIT_FAILED;
}

int
main(int argc, char **argv)
{
	static char *config_path;
	static gboolean foreground, test, version;
	const GOptionEntry entries[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &config_path, "configuration file",
		  "FILE" },
		{ "foreground", 'f', 0, G_OPTION_ARG_NONE, &foreground, "stay in the foreground",
		  NULL },
		{ "test", 't', 0, G_OPTION_ARG_NONE, &test, "check the configuration and end",
		  NULL },
		{ "version", 'V', 0, G_OPTION_ARG_NONE, &version, "print the version", NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- turn inbound mail into leads");
	g_autoptr(GError) error = NULL;
	g_option_context_add_main_entries(context, entries, NULL);
	log_open("leadmilter", FALSE, LOG_LEVEL_INFO);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1) {
		fprintf(stderr, "leadmilter: %s\n", error ? error->message : "unexpected argument");
		return 2;
	}
	if (version) {
		printf("leadmilter %s\n", LEADMILTER_VERSION);
		return EXIT_SUCCESS;
	}
	if (!config_path)
		config_path = g_strdup(LEADMILTER_SYSCONFDIR "/leadmilter.conf");
	g_autoptr(generation_owned) generation = generation_load(config_path, &error);
	if (!generation)
		return fail(EXIT_CONFIG, error);
	if (test) {
		printf("%s: ok\n", config_path);
		return EXIT_SUCCESS;
	}
	log_open("leadmilter", !strcmp(generation->config->log_target, "syslog"),
		 generation->config->log_level);
	return run_daemon(generation, config_path, foreground);
}

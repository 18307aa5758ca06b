/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Writes answers and reports to a USB stick, and a session's report as PDF. The panel must not wait for the
 * report: stipplectl writes it in a process of its own.
 */

#include "export.h"

#include <gio/gunixmounts.h>
#include <string.h>

#include "refusals.h"

#if !GLIB_CHECK_VERSION(2, 84, 0) /* older versions of GLib have other names for these */
#define g_unix_mount_entries_get          g_unix_mounts_get
#define g_unix_mount_entry_get_mount_path g_unix_mount_get_mount_path
#define g_unix_mount_entry_is_readonly    g_unix_mount_is_readonly
#define g_unix_mount_entry_free           g_unix_mount_free
#endif

/** The folder where a USB stick is mounted; NULL when there is none. */
static char *stick(const Panel *panel)
{
	static const char *const places[] = { "/media/", "/run/media/" };
	GList *mounts = panel_options(panel)->exports ? NULL : g_unix_mount_entries_get(NULL);
	char *found = g_strdup(panel_options(panel)->exports);

	for (GList *mount = mounts; mount; mount = mount->next) {
		const char *path = g_unix_mount_entry_get_mount_path(mount->data);

		for (size_t i = 0; i < G_N_ELEMENTS(places) && !found; i++)
			if (g_str_has_prefix(path, places[i]) && !g_unix_mount_entry_is_readonly(mount->data))
				found = g_strdup(path);
	}
	g_list_free_full(mounts, (GDestroyNotify)g_unix_mount_entry_free);
	return found;
}

char *export_path(Panel *panel, const char *stem, const char *ending)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *time = g_date_time_format(now, "%Y%m%dT%H%M%SZ");
	g_autofree char *folder = stick(panel), *name = NULL;

	if (!folder) {
		panel_notify(panel, _("No USB stick is mounted: plug one in and wait a moment."), SCREEN_MAX);
		return NULL;
	}
	name = g_strdup_printf("stipple-%s-%s.%s", stem, time, ending);
	return g_build_filename(folder, name, NULL);
}

void export_tell(Panel *panel, const char *path, const char *trouble)
{
	g_autofree char *said = trouble ? g_strdup_printf(_("%s cannot be written: %s"), path, trouble)
					: g_strdup_printf(_("Written to %s."), path);

	panel_notify(panel, said, SCREEN_MAX);
}

/* ---- a report ---- */

/* one report at a time, whichever window asks */
static bool is_writing;

typedef struct Writing {
	Panel *panel;
	char *path;
} Writing;

/**
 * The last sentence that the program printed, without the program's name in front; NULL when there is none.
 */
static char *sentence_of(const char *errors)
{
	static const char program[] = "stipplectl: ";
	const char *begin = errors ? strstr(errors, program) : NULL;
	g_autofree char *sentence = NULL;

	if (!begin)
		return NULL;
	begin += strlen(program);
	sentence = g_strndup(begin, strcspn(begin, "\n"));
	return sentence_translate(sentence);
}

static void report_ended(GObject *source, GAsyncResult *result, gpointer userdata)
{
	GSubprocess *process = G_SUBPROCESS(source);
	g_autofree Writing *writing = userdata;
	g_autofree char *path = writing->path, *errors = NULL, *sentence = NULL;
	g_autoptr(GError) error = NULL;

	is_writing = false;
	if (!g_subprocess_communicate_utf8_finish(process, result, NULL, &errors, &error)) {
		export_tell(writing->panel, path, error->message);
		return;
	}
	if (g_subprocess_get_successful(process)) {
		export_tell(writing->panel, path, NULL);
		return;
	}
	sentence = sentence_of(errors);
	if (sentence)
		panel_notify(writing->panel, sentence, SCREEN_MAX);
	else
		export_tell(writing->panel, path, _("the program that writes it broke off"));
}

void export_report(Panel *panel, gint64 session)
{
	g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, session);
	g_autofree char *stem = g_strconcat("report-", number, NULL), *path = NULL;
	g_autoptr(GSubprocess) process = NULL;
	g_autoptr(GError) error = NULL;
	Writing *writing;

	if (is_writing)
		return;
	path = export_path(panel, stem, "pdf");
	if (!path)
		return;
	process = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error,
		panel_options(panel)->reporter, "--bus", panel_options(panel)->bus, "report", number, "-o",
		path, NULL);
	if (!process) {
		export_tell(panel, path, error->message);
		return;
	}
	is_writing = true;
	panel_notify(panel, _("The report is being written: leave the stick where it is."), SCREEN_MAX);
	writing = g_new0(Writing, 1);
	writing->panel = panel;
	writing->path = g_steal_pointer(&path);
	g_subprocess_communicate_utf8_async(process, NULL, NULL, report_ended, writing);
}

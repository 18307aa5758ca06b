/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The only header that a Stipple plugin sees.
 *
 * A plugin is a shared object that exports one symbol, `stipple_plugin`. The host reads its first four
 * fields, refuses it with one clear line when they do not fit, and only then calls into the vtable. The
 * plugin needs no symbol of the host: all it may use arrives in the StippleHost of its open() call.
 * A plugin is never unloaded while the daemon runs.
 *
 * Errors are negative errno values. Where a call has an `error` buffer, the plugin also writes one
 * sentence for a person into it: the thing, the reason and the next step.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STIPPLE_PLUGIN_MAGIC 0x50495453u /* "STIP" in little-endian byte order */
#define STIPPLE_PLUGIN_ABI   2u

enum { STIPPLE_ERROR_MAX = 256 };

typedef enum StipplePluginKind {
	STIPPLE_PLUGIN_BOARD = 1,   /* vtable is a StippleBoardVtable */
	STIPPLE_PLUGIN_CAMERA = 2,  /* vtable is a StippleCameraVtable */
	STIPPLE_PLUGIN_SCANNER = 3, /* vtable is a StippleScannerVtable */
} StipplePluginKind;

/** One `key = value` line of the section [plugin.NAME]; the strings live as long as the host. */
typedef struct StippleSetting {
	const char *key;
	const char *value;
	const char *file; /* where it was written, for error sentences */
	int line;
} StippleSetting;

/** What the host offers. Valid until close() returns. */
typedef struct StippleHost {
	uint32_t size; /* sizeof(StippleHost) as the host knows it */
	uint32_t abi;
	void *context;
	/** `level` is a syslog priority. Any thread but the control thread while a needle is armed. */
	void (*log)(void *context, int level, const char *message);
	/** Settings of this plugin. A plugin refuses a key that it does not know with -EINVAL. */
	const StippleSetting *settings;
	size_t n_settings;
} StippleHost;

/* ---- kind: board ---------------------------------------------------------------------------------- */

/** Lines between station and needle-driver board; docs/board-protocol.md has pins, polarity and bias. */
typedef enum StippleLine {
	STIPPLE_LINE_ENABLE,         /* out, safe default inactive: the motor's supply is off */
	STIPPLE_LINE_EMERGENCY_STOP, /* in, active when pressed or when the wire is broken */
	STIPPLE_LINE_PEDAL,          /* in, active while pressed */
	STIPPLE_LINE_DATA_READY,     /* in, active while the board has a frame to send */
	STIPPLE_LINE_RESET,          /* out, safe default inactive */
	STIPPLE_LINE_LAMP_READY,     /* out, green */
	STIPPLE_LINE_LAMP_WORKING,   /* out, blue */
	STIPPLE_LINE_LAMP_FAULT,     /* out, red: act at once */
	STIPPLE_LINE_LAMP_CAUTION,   /* out, yellow: act soon, or be aware; may be left out */
	STIPPLE_LINE_MAX,
} StippleLine;

typedef struct StippleEdge {
	StippleLine line;
	bool active;          /* the level after the edge, polarity already applied */
	int64_t monotonic_ns; /* CLOCK_MONOTONIC when the kernel saw it */
} StippleEdge;

/**
 * Needle-driver board. open() and close() are called on the control thread while no needle is armed and
 * may block for up to a second. All other calls but cut_enable() come from the control thread alone, must not
 * allocate, and block for no longer than the transfer itself.
 */
typedef struct StippleBoardVtable {
	uint32_t size; /* sizeof(StippleBoardVtable) that the plugin was built with */

	/**
	 * Takes lines and bus, with every output at its safe default.
	 * -ENODEV: the chip or bus is not there; -EBUSY: a line is taken by another process;
	 * -EACCES: no permission; -EINVAL: a setting is wrong. `error` names which and what to do.
	 */
	int (*open)(const StippleHost *host, void **ret_board, char error[STIPPLE_ERROR_MAX]);
	/** Outputs to their safe default, then releases everything. */
	void (*close)(void *board);

	/** A descriptor that polls readable when read_edges() has something to do. Constant while open. */
	int (*poll_fd)(void *board);
	/** Takes up to `max` edges without blocking, oldest first. Returns how many; -ENODEV: chip gone. */
	int (*read_edges)(void *board, StippleEdge *ret_edges, size_t max);
	/** The present level of an input. */
	int (*get_line)(void *board, StippleLine line, bool *ret_active);
	/** Sets an output. Takes effect before it returns. */
	int (*set_line)(void *board, StippleLine line, bool active);
	/**
	 * One full-duplex SPI transfer of `size` bytes (always STIPPLE_FRAME_BYTES).
	 * -ENODEV: the device is gone; -EIO: fewer bytes moved than asked.
	 */
	int (*transfer)(void *board, const uint8_t *tx, uint8_t *ret_rx, size_t size);
	/**
	 * The last resort, from any thread, at any time between open() and close(): makes ENABLE inactive
	 * while the control thread hangs, perhaps inside another call of this table. Takes no lock, allocates
	 * nothing, and does not wait. The process ends right afterwards.
	 */
	void (*cut_enable)(void *board);
} StippleBoardVtable;

/* ---- kind: camera --------------------------------------------------------------------------------- */

typedef enum StipplePixelFormat {
	STIPPLE_PIXEL_YUV420 =
		1, /* three planes: Y, then U and V at half width and half height, rounded up */
	STIPPLE_PIXEL_RGB888 = 2, /* one plane, bytes R G B */
} StipplePixelFormat;

/** A still as the camera delivered it. The pixels belong to the plugin until release(). */
typedef struct StippleFrame {
	uint32_t width, height; /* pixels, even */
	StipplePixelFormat format;
	const uint8_t *planes[3];
	uint32_t strides[3];  /* bytes from one row to the next */
	int64_t monotonic_ns; /* CLOCK_MONOTONIC of the exposure */
	uint32_t exposure_us; /* 0 when unknown */
	uint32_t gain_milli;  /* analogue gain times 1000; 0 when unknown */
	uint32_t lux;         /* 0 when unknown */
	char camera[64];      /* its id as in enumerate() */
	void *token;          /* the plugin's own */
} StippleFrame;

typedef struct StippleCameraInfo {
	char id[64];
	char model[64];
	uint32_t width, height; /* largest still, pixels */
} StippleCameraInfo;

/** What the picture is of. A real camera ignores it; a simulator draws it. */
typedef struct StippleScene {
	char zone[32];
	char skin_type[16];
	uint32_t area_mm2;
	uint32_t dots; /* placed in this zone so far */
	uint32_t seed; /* the same seed draws the same head */
} StippleScene;

/** Camera. All calls come from the imaging thread and may block, capture() for up to `timeout_ms`. */
typedef struct StippleCameraVtable {
	uint32_t size; /* sizeof(StippleCameraVtable) that the plugin was built with */

	int (*open)(const StippleHost *host, void **ret_camera, char error[STIPPLE_ERROR_MAX]);
	void (*close)(void *camera);
	/** Fills up to `max` cameras and returns how many there are. */
	int (*enumerate)(void *camera, StippleCameraInfo *ret_cameras, size_t max);
	/** -ETIMEDOUT: no frame in time; -ENODEV: unplugged. Every success is followed by release(). */
	int (*capture)(void *camera, const StippleScene *scene, uint32_t timeout_ms, StippleFrame *ret_frame,
		char error[STIPPLE_ERROR_MAX]);
	void (*release)(void *camera, StippleFrame *frame);
} StippleCameraVtable;

/* ---- kind: scanner -------------------------------------------------------------------------------- */

enum { STIPPLE_SCANNED_MAX = 256 };

/**
 * The functions through which a scanner delivers codes. Valid until close() returns; call both only from the
 * plugin's one thread.
 */
typedef struct StippleScannerSink {
	uint32_t size; /* sizeof(StippleScannerSink) as the host knows it */
	void *context;
	/**
	 * Delivers one complete code of 1 to STIPPLE_SCANNED_MAX bytes without '\0', with FNC1 as the
	 * scanner sent it. Never blocks.
	 */
	void (*code)(void *context, const char *code, size_t length);
	/**
	 * Reports that the device came or went; `text` is one sentence for a person. Call it only for a
	 * change. Never blocks.
	 */
	void (*present)(void *context, bool present, const char *text);
} StippleScannerSink;

/** Scanner. open() and close() are called from the main thread, at its start and at its end. */
typedef struct StippleScannerVtable {
	uint32_t size; /* sizeof(StippleScannerVtable) that the plugin was built with */

	/**
	 * Starts a thread that waits for the device, takes it exclusively, and takes it again whenever it
	 * comes back. A missing device is no error. -EINVAL: a setting is wrong; `error` names it. Does not
	 * block.
	 */
	int (*open)(const StippleHost *host, const StippleScannerSink *sink, void **ret_scanner,
		char error[STIPPLE_ERROR_MAX]);
	/** Ends the thread and releases the device. Blocks for a moment. */
	void (*close)(void *scanner);
} StippleScannerVtable;

/* ---- the exported symbol -------------------------------------------------------------------------- */

typedef struct StipplePlugin {
	uint32_t magic;      /* STIPPLE_PLUGIN_MAGIC */
	uint32_t abi;        /* STIPPLE_PLUGIN_ABI that the plugin was built with */
	uint32_t size;       /* sizeof(StipplePlugin) that the plugin was built with */
	uint32_t kind;       /* a StipplePluginKind */
	const char *name;    /* the configured name: "board-sim" is loaded from board-sim.so */
	const char *version; /* of the plugin, for people */
	const void *vtable;
} StipplePlugin;

#define STIPPLE_PLUGIN_SYMBOL "stipple_plugin"

/** Defines the exported symbol of a plugin. `table`: its vtable; `kind` is a StipplePluginKind. */
#define STIPPLE_PLUGIN_EXPORT(kind, name, version, table)                                \
	extern const StipplePlugin stipple_plugin;                                       \
	const StipplePlugin stipple_plugin = { STIPPLE_PLUGIN_MAGIC, STIPPLE_PLUGIN_ABI, \
		sizeof(StipplePlugin), kind, name, version, &(table) }

#ifdef __cplusplus
}
#endif

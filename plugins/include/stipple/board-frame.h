/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The frames that station and needle-driver board exchange over SPI, and their coding: pure functions
 * without allocation or OS calls, for either side. docs/board-protocol.md is the specification.
 *
 * Every transfer moves one frame of STIPPLE_FRAME_BYTES in each direction. All numbers are little-endian.
 *
 *     offset size
 *          0    1  marker: 0x5A station to board, 0xA5 board to station
 *          1    1  type (FrameType); a board's answer to a command has the command's type | 0x80
 *          2    2  link: number of this connection, chosen by the station's HELLO; 0 before
 *          4    2  sequence: counts the frames that must arrive, from 1, wraps; 0 in IDLE, which need not
 *          6    2  acknowledge: the last sequence number taken in order from the other side
 *          8    4  time: microseconds of the sender's clock, wraps
 *         12    2  flags (FrameFlag)
 *         14    1  fault: first latched BoardFault of the board, 0 none; 0 from the station
 *         15    1  length of the payload, 0 to 110
 *         16  110  payload, zero-filled
 *        126    2  CRC-16 over bytes 0 to 125
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	STIPPLE_FRAME_BYTES = 128,
	FRAME_HEADER_BYTES = 16,
	FRAME_PAYLOAD_MAX = 110,
	FRAME_CRC_OFFSET = 126,
	FRAME_PROTOCOL_VERSION = 1,
	FRAME_SAMPLES_MAX = 9, /* 12 bytes each after a count byte */
	FRAME_CHIP_ID_MAX = 16,
	FRAME_SERIAL_MAX = 17, /* 16 characters and NUL */
};

typedef enum FrameMarker {
	FRAME_FROM_STATION = 0x5a,
	FRAME_FROM_BOARD = 0xa5,
} FrameMarker;

/** Commands 0x01-0x0f are the station's; the board answers each once. 0x41.. are the board's own. */
typedef enum FrameType {
	FRAME_IDLE = 0x00, /* either side; a heartbeat from the station */
	FRAME_HELLO = 0x01,
	FRAME_CONFIGURE = 0x02,
	FRAME_ARM = 0x03,
	FRAME_DISARM = 0x04,
	FRAME_STATUS = 0x05,
	FRAME_READ_CHIP = 0x06,
	FRAME_CLEAR_FAULT = 0x07,
	FRAME_SELF_TEST = 0x08,
	FRAME_SAMPLES = 0x41,
	FRAME_FAULT = 0x42,
	FRAME_CHIP_CHANGED = 0x43,
	FRAME_ANSWER = 0x80, /* or-ed to a command's type */
} FrameType;

/** The same two bytes carry the station's wishes one way and the board's state the other. */
typedef enum FrameFlag {
	FRAME_FLAG_STOP =
		1 << 0, /* station: stop and disarm at once, in any frame, needs no acknowledgement */
	FRAME_FLAG_AGAIN = 1 << 1, /* station: a frame was bad or missing, resend from acknowledge + 1 */

	FRAME_FLAG_ARMED = 1 << 8,      /* board */
	FRAME_FLAG_RUNNING = 1 << 9,    /* board: the needle is moving */
	FRAME_FLAG_PEDAL = 1 << 10,     /* board */
	FRAME_FLAG_ESTOP = 1 << 11,     /* board */
	FRAME_FLAG_ENABLED = 1 << 12,   /* board: sees ENABLE active */
	FRAME_FLAG_CARTRIDGE = 1 << 13, /* board: a cartridge is seated */
	FRAME_FLAG_MORE = 1 << 14,      /* board: further frames are waiting */
} FrameFlag;

/** Latched by the board, first cause kept, cleared by CLEAR_FAULT naming it. Every one stops the needle. */
typedef enum BoardFault {
	BOARD_FAULT_NONE,
	BOARD_FAULT_EMERGENCY_STOP,
	BOARD_FAULT_WATCHDOG,         /* no valid frame from the station within watchdog_ms */
	BOARD_FAULT_OVER_DEPTH,       /* a stroke went past depth_limit_um */
	BOARD_FAULT_OVER_FORCE,       /* a stroke met more than force_limit_mn */
	BOARD_FAULT_OVER_TEMPERATURE, /* handpiece above temperature_max_cc */
	BOARD_FAULT_OVER_CURRENT,
	BOARD_FAULT_CHIP_CHANGED, /* another chip, or none, while armed */
	BOARD_FAULT_OVERRUN,      /* the queue of unacknowledged frames is full */
	BOARD_FAULT_SELF_TEST,
	BOARD_FAULT_MAX,
	BOARD_FAULT_INVALID = -22,
} BoardFault;

const char *board_fault_to_string(BoardFault fault);
BoardFault board_fault_from_string(const char *text);

/** First byte of every answer's payload. */
typedef enum BoardResult {
	BOARD_RESULT_OK,
	BOARD_RESULT_UNKNOWN, /* no such command */
	BOARD_RESULT_RANGE,   /* a value is outside the board's limits */
	BOARD_RESULT_STATE,   /* not possible now: armed, faulted, not configured */
	BOARD_RESULT_CHIP,    /* ARM names another chip than the one seated */
	BOARD_RESULT_VERSION, /* no common protocol version */
	BOARD_RESULT_MAX,
	BOARD_RESULT_INVALID = -22,
} BoardResult;

const char *board_result_to_string(BoardResult result);
BoardResult board_result_from_string(const char *text);

typedef struct Frame {
	FrameMarker marker;
	uint8_t type; /* FrameType, possibly | FRAME_ANSWER, possibly one that this side does not know */
	uint16_t link, sequence, acknowledge;
	uint32_t time_us;
	uint16_t flags;
	uint8_t fault;
	uint8_t length;
	uint8_t payload[FRAME_PAYLOAD_MAX];
} Frame;

typedef enum FrameError {
	FRAME_OK,
	FRAME_BAD_CRC,
	FRAME_BAD_MARKER, /* wrong direction, or nothing on the bus: all 0x00 or 0xff */
	FRAME_BAD_LENGTH,
	FRAME_ERROR_MAX,
} FrameError;

/**
 * CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xffff, not reflected, no final xor.
 * Test vector: "123456789" gives 0x29b1.
 */
uint16_t frame_crc(const uint8_t *data, size_t size);

/** Writes the whole frame, zero-filled, with its CRC. `length` must be at most FRAME_PAYLOAD_MAX. */
void frame_encode(const Frame *frame, uint8_t ret[STIPPLE_FRAME_BYTES]);

/** Reads a frame that must come from `marker`. `ret` is untouched unless FRAME_OK. */
FrameError frame_decode(const uint8_t bytes[STIPPLE_FRAME_BYTES], FrameMarker marker, Frame *ret);

/* ---- payloads -------------------------------------------------------------------------------------
 * payload_put_X() fills type, length and payload of a frame; payload_get_X() returns false when the
 * payload is too short or malformed and then leaves its result untouched. */

/** HELLO, station: lowest and highest protocol version spoken; the link number is in the header. */
typedef struct HelloPayload {
	uint8_t version_min, version_max;
} HelloPayload;

/** HELLO, answer. Limits are the board's own; CONFIGURE stays within them. */
typedef struct BoardIdentity {
	uint8_t version; /* protocol version to use */
	char serial[FRAME_SERIAL_MAX];
	uint8_t hardware_major, hardware_minor;
	uint8_t firmware_major, firmware_minor;
	uint32_t capabilities; /* BoardCapability */
	uint16_t depth_max_um;
	uint16_t rate_min_hz, rate_max_hz;
	uint16_t dwell_max_ms;
	uint16_t force_max_mn;
	uint16_t current_max_ma;
	int16_t temperature_max_cc; /* hundredths of a degree Celsius */
	uint16_t watchdog_ms;       /* the board stops by itself after this long without a valid frame */
} BoardIdentity;

typedef enum BoardCapability {
	BOARD_CAN_READ_CHIP = 1 << 0,
	BOARD_CAN_SENSE_FORCE = 1 << 1,
	BOARD_CAN_SENSE_ANGLE = 1 << 2,
} BoardCapability;

/** CONFIGURE. Refused while armed. */
typedef struct BoardSettings {
	uint16_t depth_um;       /* stroke depth wanted */
	uint16_t depth_limit_um; /* the board stops past it */
	uint16_t rate_hz;        /* strokes a second */
	uint16_t dwell_ms;       /* contact time of a dot that the operator is guided to */
	uint16_t force_limit_mn; /* the board stops past it */
} BoardSettings;

typedef struct ChipId {
	uint8_t length; /* 0: no chip */
	uint8_t bytes[FRAME_CHIP_ID_MAX];
} ChipId;

/** ARM: the claim of this cartridge, by its ledger sequence number, and its chip (length 0: has none). */
typedef struct ArmPayload {
	uint64_t claim;
	ChipId chip;
} ArmPayload;

/** STATUS, answer. */
typedef struct BoardStatus {
	int16_t temperature_cc;
	uint16_t current_ma;
	uint16_t supply_mv;
	uint32_t strokes;    /* since power-up */
	uint32_t bad_frames; /* received by the board with a wrong CRC */
	uint64_t claim;      /* of the last ARM, 0 none */
} BoardStatus;

/** SELF_TEST, answer: a set bit is a part that failed. */
typedef enum SelfTestBit {
	SELF_TEST_MOTOR = 1 << 0,
	SELF_TEST_DEPTH_SENSOR = 1 << 1,
	SELF_TEST_FORCE_SENSOR = 1 << 2,
	SELF_TEST_TEMPERATURE = 1 << 3,
	SELF_TEST_MEMORY = 1 << 4,
} SelfTestBit;

/** One needle cycle. A dot is a contact of several strokes: strokes are never counted as dots. */
typedef struct StrokeSample {
	uint32_t time_us;  /* board clock at the deepest point, wraps */
	uint16_t depth_um; /* below the skin's surface; 0 when the skin was not touched */
	uint16_t resistance_mn;
	uint16_t current_ma; /* motor */
	int16_t angle_cdeg;  /* handpiece from the normal, hundredths of a degree */
} StrokeSample;

typedef struct FaultPayload {
	uint8_t fault;  /* BoardFault */
	int32_t detail; /* the measured figure that tripped it, in the unit of its limit */
} FaultPayload;

void payload_put_hello(Frame *frame, const HelloPayload *hello);
bool payload_get_hello(const Frame *frame, HelloPayload *ret);
void payload_put_identity(Frame *frame, BoardResult result, const BoardIdentity *identity);
bool payload_get_identity(const Frame *frame, BoardIdentity *ret);
void payload_put_settings(Frame *frame, const BoardSettings *settings);
bool payload_get_settings(const Frame *frame, BoardSettings *ret);
void payload_put_arm(Frame *frame, const ArmPayload *arm);
bool payload_get_arm(const Frame *frame, ArmPayload *ret);
void payload_put_command(Frame *frame, FrameType type); /* no payload: DISARM STATUS READ_CHIP SELF_TEST */
void payload_put_clear_fault(Frame *frame, uint8_t fault);
bool payload_get_clear_fault(const Frame *frame, uint8_t *ret_fault);
void payload_put_result(Frame *frame, FrameType command, BoardResult result);
bool payload_get_result(const Frame *frame, BoardResult *ret); /* of any answer */
void payload_put_status(Frame *frame, const BoardStatus *status);
bool payload_get_status(const Frame *frame, BoardStatus *ret);
void payload_put_chip(Frame *frame, uint8_t type, const ChipId *chip); /* READ_CHIP answer, CHIP_CHANGED */
bool payload_get_chip(const Frame *frame, ChipId *ret);
void payload_put_self_test(Frame *frame, uint32_t failed);
bool payload_get_self_test(const Frame *frame, uint32_t *ret_failed);
void payload_put_samples(Frame *frame, const StrokeSample *samples, size_t n);
/** Returns how many samples were read, at most FRAME_SAMPLES_MAX; -22 when malformed. */
int payload_get_samples(const Frame *frame, StrokeSample ret[FRAME_SAMPLES_MAX]);
void payload_put_fault(Frame *frame, const FaultPayload *fault);
bool payload_get_fault(const Frame *frame, FaultPayload *ret);

#ifdef __cplusplus
}
#endif

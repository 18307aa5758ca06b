/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Names of refusals, as D-Bus transmits them and the tool shows them. */

#define STATION_ERROR_PREFIX    "org.stipple.Error."
#define STATION_ERROR_INVALID   STATION_ERROR_PREFIX "InvalidArgument"
#define STATION_ERROR_STATE     STATION_ERROR_PREFIX "WrongState"
#define STATION_ERROR_BUSY      STATION_ERROR_PREFIX "Busy"
#define STATION_ERROR_SIGN_IN   STATION_ERROR_PREFIX "SignInRefused"
#define STATION_ERROR_ROLE      STATION_ERROR_PREFIX "RoleMissing"
#define STATION_ERROR_NOT_YOURS STATION_ERROR_PREFIX "NotYourSignIn" /* somebody is signed in, elsewhere */
#define STATION_ERROR_NEEDLE    STATION_ERROR_PREFIX "NeedleRefused"
/* the pseudonym is not on record: the caller must say that the person is new */
#define STATION_ERROR_NEW_PERSON STATION_ERROR_PREFIX "NewPerson"
/* it cannot be told which cartridge it is: a supervisor may settle it */
#define STATION_ERROR_AMBIGUOUS STATION_ERROR_PREFIX "Ambiguous"
#define STATION_ERROR_REFUSED   STATION_ERROR_PREFIX "Refused" /* several interlocks; text lists them */
#define STATION_ERROR_LEDGER    STATION_ERROR_PREFIX "LedgerFailed"
#define STATION_ERROR_BOARD     STATION_ERROR_PREFIX "BoardFailed"
#define STATION_ERROR_CAMERA    STATION_ERROR_PREFIX "CameraFailed"
#define STATION_ERROR_PICTURE   STATION_ERROR_PREFIX "PictureRefused"
#define STATION_ERROR_UNKNOWN   STATION_ERROR_PREFIX "Unknown" /* names something that is not on record */
#define STATION_ERROR_BARRED    STATION_ERROR_PREFIX "Barred" /* expired, recalled, quarantined, not sterile */
#define STATION_ERROR_EXISTS    STATION_ERROR_PREFIX "Exists"
/* the clinic's registry will not do it; it cannot be asked now */
#define STATION_ERROR_REGISTRY STATION_ERROR_PREFIX "RegistryRefused"
#define STATION_ERROR_AWAY     STATION_ERROR_PREFIX "RegistryAway"
#define STATION_ERROR_INERT    STATION_ERROR_PREFIX "Inert" /* bad configuration or damaged ledger */

/** The sentence of STATION_ERROR_NOT_YOURS. */
#define STATION_NOT_YOURS                                                                                \
	"somebody is signed in with another program: go on in the shell that `stipplectl login` opened " \
	"or on the panel, or sign out there and sign in here"

#define STATION_NO_MEMORY "the station is out of memory: restart it"

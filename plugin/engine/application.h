#ifndef FLOWSTATS_APPLICATION_H
#define FLOWSTATS_APPLICATION_H

#include <flowstats/packet.h>

/*
 * Direction's rule of the application: which messages of which protocols tell
 * who asks and who answers.  A protocol is a row and a function.
 */
struct flow_application {
    const char *name; /* Wireshark's filter name of the protocol */
    /*
     * Say what length captured bytes of a message say, which Wireshark has
     * decoded as this protocol: what the transport header is followed by, and
     * of quic the decrypted payload of an Initial packet.
     */
    enum flow_message (*says)(const uint8_t *data, size_t length);
    /*
     * Return how long the message at the start of a TCP segment is, 0 where that
     * is not known.  NULL: over TCP the protocol does not speak.
     */
    size_t (*tcp_size)(const uint8_t *data, size_t length);
    size_t tcp_prefix; /* so many bytes of it, its length, come before what says() reads */
};

extern const struct flow_application flow_applications[];
extern const size_t flow_application_count;

/*
 * Return what the payload of a packet says.  On a stream a message may go on in
 * later segments; then Wireshark decodes it in the frame that completes it,
 * although its list of this frame's layers may have the application too.  So
 * only a message that is whole in its segment speaks.
 */
enum flow_message flow_application_message(const struct flow_application *application,
                                           bool on_stream, const uint8_t *data, size_t length);

#endif

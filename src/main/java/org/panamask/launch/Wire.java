package org.panamask.launch;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.List;

/// What ranks and the store say to each other. Everything read is bounded, so that whoever connects can neither fill
/// the memory nor hold a thread for long.
final class Wire {
    /// "PMSK", and the version of what follows.
    static final int MAGIC = 0x504D_534B;

    static final int VERSION = 1;
    /// The most bytes that a rank brings to one meeting.
    static final int MOST_BYTES = 1 << 20;
    /// Characters that a message of a failure is cut to.
    static final int MOST_TEXT = 4000;

    static final byte OK = 0;
    static final byte REFUSED = 1;

    static final byte GATHER = 1;
    static final byte FAIL = 2;
    static final byte LEAVE = 3;

    static final byte PING = 4;
    static final byte PONG = 5;

    /// What a connection is for.
    enum Role {
        /// Questions of a rank and their answers.
        ASK,
        /// News of failures, and signs of life.
        WATCH,
        /// Numbers of tensors; the store hands it on and knows nothing of it.
        DATA;

        static Role of(String name) throws IOException {
            for (Role role : values()) {
                if (role.name().equals(name)) {
                    return role;
                }
            }
            throw new IOException("a connection must be for one of " + List.of(values()));
        }
    }

    /// How a connection introduces itself.
    record Hello(Role role, int rank, int world, String job) {
        void write(DataOutputStream out) throws IOException {
            out.writeInt(MAGIC);
            out.writeByte(VERSION);
            out.writeUTF(role.name());
            out.writeInt(rank);
            out.writeInt(world);
            out.writeUTF(job);
            out.flush();
        }

        static Hello read(DataInputStream in) throws IOException {
            if (in.readInt() != MAGIC) {
                throw new IOException("it does not speak our language");
            }
            int version = in.readUnsignedByte();
            if (version != VERSION) {
                throw new IOException("it speaks version " + version + ", not " + VERSION);
            }
            return new Hello(Role.of(in.readUTF()), in.readInt(), in.readInt(), in.readUTF());
        }
    }

    private Wire() {}

    static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    static byte[] readBytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > MOST_BYTES) {
            throw new IOException("a value must have at most " + MOST_BYTES + " bytes, but has " + length);
        }
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("a value ends early");
        }
        return bytes;
    }

    static String cut(String text) {
        return text.length() <= MOST_TEXT ? text : text.substring(0, MOST_TEXT) + " ...";
    }
}

package org.panamask.checkpoint;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// Reads the JSON of a safetensors header, token by token: nothing is built that the format does not know.
final class HeaderReader {
    static final String METADATA = "__metadata__";
    private static final int MOST_EXTENTS = 64;

    private final String file;
    private final JsonParser json;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, Safetensors.Entry> entries = new LinkedHashMap<>();
    private boolean metadataSeen;

    private HeaderReader(String file, JsonParser json) {
        this.file = file;
        this.json = json;
    }

    /// What a header says. Offsets count from the start of the data, and are checked one by one only.
    record Content(Map<String, String> metadata, Map<String, Safetensors.Entry> entries) {}

    static Content read(String file, byte[] header) {
        JsonText.requireUtf8(file, "the header", header);
        try (JsonParser json = JsonText.STREAM.createParser(JsonText.reader(header))) {
            HeaderReader reader = new HeaderReader(file, json);
            reader.header();
            return new Content(reader.metadata, reader.entries);
        } catch (JacksonException e) {
            throw new CheckpointException(file + ": the header must be JSON, but got " + JsonText.mistake(e) + "; "
                    + SafetensorsHeader.DAMAGED);
        }
    }

    private void header() {
        json.nextToken();
        while (json.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = json.currentName();
            if (entries.containsKey(name) || (name.equals(METADATA) && metadataSeen)) {
                throw refused("a tensor name must occur once, but got " + Printable.of(name) + " twice");
            }
            json.nextToken();
            if (name.equals(METADATA)) {
                metadataSeen = true;
                metadata();
            } else {
                entries.put(name, entry(name));
            }
        }
        if (json.nextToken() != null) {
            throw refused("the header must be one JSON object, but got " + token() + " after it");
        }
    }

    private void metadata() {
        requireToken(JsonToken.START_OBJECT, METADATA + " must be an object");
        while (json.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = json.currentName();
            json.nextToken();
            requireToken(JsonToken.VALUE_STRING, METADATA + " " + Printable.of(key) + " must be text");
            if (metadata.put(key, json.getString()) != null) {
                throw refused(METADATA + " must hold a key once, but got " + Printable.of(key) + " twice");
            }
        }
    }

    private Safetensors.Entry entry(String name) {
        String tensor = "tensor " + Printable.of(name);
        requireToken(JsonToken.START_OBJECT, tensor + " must be an object");
        DType dtype = null;
        long[] shape = null;
        long[] offsets = null;
        while (json.nextToken() == JsonToken.PROPERTY_NAME) {
            String field = json.currentName();
            json.nextToken();
            boolean known = switch (field) {
                case "dtype" -> {
                    requireOnce(tensor, field, dtype);
                    dtype = dtype(tensor);
                    yield true;
                }
                case "shape" -> {
                    requireOnce(tensor, field, shape);
                    shape = wholeNumbers(tensor + " shape", MOST_EXTENTS);
                    yield true;
                }
                case "data_offsets" -> {
                    requireOnce(tensor, field, offsets);
                    offsets = wholeNumbers(tensor + " data_offsets", 2);
                    yield true;
                }
                default -> false;
            };
            if (!known) {
                throw refused(tensor + " must have dtype, shape and data_offsets only, but got " + Printable.of(field));
            }
        }
        if (dtype == null || shape == null || offsets == null) {
            throw refused(tensor + " must have dtype, shape and data_offsets, but got only some of them");
        }
        return checked(name, dtype, shape, offsets);
    }

    private Safetensors.Entry checked(String name, DType dtype, long[] extents, long[] offsets) {
        String tensor = "tensor " + Printable.of(name);
        if (offsets.length != 2 || offsets[0] > offsets[1]) {
            throw refused(tensor + " data_offsets must be begin and end, begin not after end, but got "
                    + Arrays.toString(offsets));
        }
        String described = dtype + " " + Arrays.toString(extents);
        long bytes = dtype.bytes();
        long count = 1;
        try {
            for (long extent : extents) {
                count = Math.multiplyExact(count, extent);
            }
            bytes = Math.multiplyExact(bytes, count);
        } catch (ArithmeticException _) {
            throw refused(tensor + " must have fewer than 2^63 bytes, but got " + described);
        }
        if (bytes != offsets[1] - offsets[0]) {
            throw refused(tensor + " " + described + " takes " + bytes + " bytes, but got data_offsets "
                    + Arrays.toString(offsets));
        }
        return new Safetensors.Entry(name, dtype, Shape.of(extents), offsets[0], bytes);
    }

    private DType dtype(String tensor) {
        requireToken(JsonToken.VALUE_STRING, tensor + " dtype must be text");
        String name = json.getString();
        for (DType dtype : DType.values()) {
            if (dtype.name().equals(name)) {
                return dtype;
            }
        }
        throw new CheckpointException(file + ": " + tensor + " dtype must be one of " + Arrays.toString(DType.values())
                + ", but got " + Printable.of(name) + "; convert the weights");
    }

    private long[] wholeNumbers(String what, int most) {
        requireToken(JsonToken.START_ARRAY, what + " must be a list");
        long[] numbers = new long[most];
        int count = 0;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (count == most) {
                throw refused(what + " must have at most " + most + " numbers, but got more");
            }
            numbers[count++] = wholeNumber(what);
        }
        return Arrays.copyOf(numbers, count);
    }

    private long wholeNumber(String what) {
        requireToken(JsonToken.VALUE_NUMBER_INT, what + " must hold whole numbers");
        boolean fits = switch (json.getNumberType()) {
            case INT, LONG -> true;
            case BIG_INTEGER, FLOAT, DOUBLE, BIG_DECIMAL -> false;
        };
        if (!fits || json.getLongValue() < 0) {
            throw refused(what + " must hold numbers from 0 to 2^63 - 1, but got " + Printable.of(json.getString()));
        }
        return json.getLongValue();
    }

    private void requireOnce(String tensor, String field, @Nullable Object before) {
        if (before != null) {
            throw refused(tensor + " must have " + field + " once, but got it twice");
        }
    }

    private void requireToken(JsonToken needed, String rule) {
        if (json.currentToken() != needed) {
            throw refused(rule + ", but got " + token());
        }
    }

    private String token() {
        JsonToken token = json.currentToken();
        return token == null
                ? "nothing"
                : switch (token) {
                    case START_OBJECT -> "an object";
                    case START_ARRAY -> "a list";
                    case VALUE_STRING -> "text";
                    case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "the number " + Printable.of(json.getString());
                    case VALUE_TRUE -> "true";
                    case VALUE_FALSE -> "false";
                    case VALUE_NULL -> "null";
                    case PROPERTY_NAME, END_OBJECT, END_ARRAY, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE -> "its end";
                };
    }

    private CheckpointException refused(String message) {
        return new CheckpointException(file + ": " + message + "; " + SafetensorsHeader.DAMAGED);
    }
}

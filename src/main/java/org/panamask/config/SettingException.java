package org.panamask.config;

/// A setting was given a value outside its range. The message starts with the key: `epsilon must be between 0 and 1,
/// both excluded, not 2.0`.
public final class SettingException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// Says which key breaks which rule with which value.
    public SettingException(String message) {
        super(message);
    }

    /// The first word of the message, which names the key.
    public String key() {
        String message = String.valueOf(getMessage());
        int end = message.indexOf(' ');
        return end < 0 ? message : message.substring(0, end);
    }
}

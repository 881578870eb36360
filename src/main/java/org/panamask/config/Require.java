package org.panamask.config;

/// Checks that a settings record makes of its own components.
public final class Require {
    private Require() {}

    /// Refuses a value: unless `condition` holds, throws with `message`, whose first word is the key.
    ///
    /// @throws SettingException if `condition` is false
    public static void that(boolean condition, String message) {
        if (!condition) {
            throw new SettingException(message);
        }
    }

    /// Refuses a count below `least`.
    ///
    /// @throws SettingException if `value` is below `least`
    public static void atLeast(String key, long value, long least) {
        that(value >= least, key + " must be at least " + least + ", not " + value);
    }

    /// Refuses a number that is below 0 or not finite.
    ///
    /// @throws SettingException if `value` is negative, infinite or not a number
    public static void notNegative(String key, double value) {
        that(value >= 0 && Double.isFinite(value), key + " must be at least 0, not " + value);
    }

    /// Refuses a number that is not above 0 or not finite.
    ///
    /// @throws SettingException if `value` is 0, negative, infinite or not a number
    public static void positive(String key, double value) {
        that(value > 0 && Double.isFinite(value), key + " must be above 0, not " + value);
    }

    /// Refuses a share outside `[0, 1)`.
    ///
    /// @throws SettingException if `value` is negative, 1 or more, or not a number
    public static void shareBelowOne(String key, double value) {
        that(value >= 0 && value < 1, key + " must be at least 0 and below 1, not " + value);
    }

    /// Refuses text that is empty or only spaces.
    ///
    /// @throws SettingException if `value` is blank
    public static void notBlank(String key, String value) {
        that(!value.isBlank(), key + " must not be empty");
    }
}

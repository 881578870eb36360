package org.panamask.checkpoint;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Which modules of a model an adapter changes (`target_modules`).
public sealed interface PeftTargets {
    /// Whether the module at `path` is one of them.
    boolean covers(String path);

    /// Modules whose path is one of `names` or ends in one of them.
    ///
    /// @param names last parts of module paths, or whole paths
    record Names(Set<String> names) implements PeftTargets {
        /// Keeps the order.
        public Names {
            names = Collections.unmodifiableSet(new LinkedHashSet<>(names));
        }

        /// The given names.
        public static Names of(List<String> names) {
            return new Names(new LinkedHashSet<>(names));
        }

        @Override
        public boolean covers(String path) {
            return isNamed(names, path);
        }
    }

    /// Modules whose whole path an expression matches.
    ///
    /// @param text the regular expression, at most 2,000 characters
    record Expression(String text) implements PeftTargets {
        /// Checks that it is an expression.
        ///
        /// @throws CheckpointException if it is none or too long
        public Expression {
            ModulePattern.whole(PeftConfig.FILE + ": target_modules", text);
        }

        @Override
        public boolean covers(String path) {
            return ModulePattern.whole(PeftConfig.FILE + ": target_modules", text)
                    .matches(path);
        }
    }

    /// Every linear module but the head.
    record AllLinear() implements PeftTargets {
        static final String TEXT = "all-linear";

        @Override
        public boolean covers(String path) {
            return true;
        }
    }

    /// Whether `names` holds `path` or what follows one of its dots.
    static boolean isNamed(Set<String> names, String path) {
        if (names.contains(path)) {
            return true;
        }
        for (int dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
            if (names.contains(path.substring(dot + 1))) {
                return true;
            }
        }
        return false;
    }
}

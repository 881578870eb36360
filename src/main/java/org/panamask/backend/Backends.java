package org.panamask.backend;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.panamask.config.SettingException;

/// Finds backends by name.
public final class Backends {
    private Backends() {}

    /// Starts the backend that `settings` names.
    ///
    /// @throws SettingException if there is none of that name
    /// @throws BackendException if it cannot run here
    public static Backend open(BackendSettings settings) {
        List<String> names = new ArrayList<>();
        for (BackendProvider provider : providers()) {
            if (provider.name().equals(settings.name())) {
                Backend backend = provider.open(settings);
                return settings.profile() ? new ProfiledBackend(backend) : backend;
            }
            names.add(provider.name());
        }
        throw new SettingException("backend.name must be one of " + names + ", not '" + settings.name() + "'");
    }

    /// The kinds of backends there are, whether or not they can run here.
    public static List<BackendProvider> kinds() {
        List<BackendProvider> kinds = new ArrayList<>();
        providers().forEach(kinds::add);
        return kinds;
    }

    private static ServiceLoader<BackendProvider> providers() {
        return ServiceLoader.load(BackendProvider.class, Backends.class.getClassLoader());
    }
}

package org.panamask.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// A record of settings: a group of keys.
///
/// @param type the record class
/// @param settings its keys, in the order of its components
public record Section(Class<? extends Record> type, List<Setting> settings) implements SettingType {
    /// Reads the keys of a settings record, those of its inline records among them.
    ///
    /// @throws IllegalStateException if a component has no [Key] or a type no key can have
    public static Section of(Class<? extends Record> type) {
        List<Setting> settings = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            if (Setting.key(component).inline()) {
                settings.addAll(of(inline(component)).settings());
            } else {
                settings.add(Setting.of(component));
            }
        }
        return new Section(type, List.copyOf(settings));
    }

    private static Class<? extends Record> inline(RecordComponent component) {
        return component.getType().asSubclass(Record.class);
    }

    @Override
    public String label() {
        return "a group of keys";
    }

    /// The key of that name.
    public Optional<Setting> find(String name) {
        return settings.stream().filter(setting -> setting.name().equals(name)).findFirst();
    }

    /// The key that is also known as `alias`.
    public Optional<Setting> known(String alias) {
        return settings.stream()
                .filter(setting -> setting.alias(alias).isPresent())
                .findFirst();
    }

    /// Why `name`, which is no key here, is not taken, where that is known.
    Optional<String> refusal(String name) {
        Refuses refuses = type.getAnnotation(Refuses.class);
        return refuses == null
                ? Optional.empty()
                : Arrays.stream(refuses.value())
                        .filter(entry -> entry.key().equals(name))
                        .map(Refuses.Entry::why)
                        .findFirst();
    }

    /// The key filled by a single value in place of the section.
    public Optional<Setting> shorthand() {
        return settings.stream().filter(Setting::shorthand).findFirst();
    }

    /// The names of the keys.
    public List<String> names() {
        return settings.stream().map(Setting::name).toList();
    }

    /// The values of `settings`, in the order of the keys.
    public List<Object> values(Record settings) {
        List<Object> values = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            try {
                Object value = component.getAccessor().invoke(settings);
                if (Setting.key(component).inline()) {
                    values.addAll(of(inline(component)).values((Record) value));
                } else {
                    values.add(value);
                }
            } catch (IllegalAccessException | InvocationTargetException e) {
                throw new IllegalStateException("settings: " + component + " cannot be read", e);
            }
        }
        return values;
    }

    /// Makes the record from values in the order of the keys.
    ///
    /// @throws SettingException if the record refuses a value
    public Record create(List<Object> values) {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        List<Object> parts = new ArrayList<>();
        int next = 0;
        for (RecordComponent component : components) {
            if (Setting.key(component).inline()) {
                Section inner = of(inline(component));
                int end = next + inner.settings().size();
                parts.add(inner.create(values.subList(next, end)));
                next = end;
            } else {
                parts.add(values.get(next++));
            }
        }
        try {
            Constructor<? extends Record> constructor = type.getDeclaredConstructor(types);
            return constructor.newInstance(parts.toArray());
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof SettingException refused) {
                throw refused;
            }
            throw new IllegalStateException("settings: " + type.getName() + " cannot be made", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("settings: " + type.getName() + " cannot be made", e);
        }
    }
}

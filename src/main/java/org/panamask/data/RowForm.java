package org.panamask.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.panamask.text.Message;
import org.panamask.text.Message.Role;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// How the fields of a row are a conversation. Source: LLaMA-Factory, data/converter.py.
sealed interface RowForm {
    /// The conversation of `row`; without answer and perhaps without question where it has none.
    ///
    /// @throws RowException if a field is not what its role needs
    Conversation convert(ObjectNode row) throws RowException;

    /// A question in one or two fields, the answer in another, earlier turns in a list of pairs.
    ///
    /// @param columns the fields
    /// @param strict whether a missing answer is a mistake instead of a row without answer
    record Alpaca(Columns columns, boolean strict) implements RowForm {
        /// Which field has which role; empty for none.
        record Columns(
                Optional<String> prompt,
                Optional<String> query,
                Optional<String> response,
                Optional<String> history,
                Optional<String> system) {
            /// The fields of a file that no dataset_info.json describes.
            static final Columns PLAIN = new Columns(
                    Optional.of("instruction"),
                    Optional.of("input"),
                    Optional.of("output"),
                    Optional.of("history"),
                    Optional.of("system"));
        }

        @Override
        public Conversation convert(ObjectNode row) throws RowException {
            String form = strict
                    ? "write {\"instruction\": ..., \"input\": ..., \"output\": ...}"
                    : "name the fields of the file under 'columns'";
            List<String> asked = Stream.of(columns.prompt, columns.query)
                    .flatMap(Optional::stream)
                    .toList();
            if (!asked.isEmpty() && asked.stream().noneMatch(row::has)) {
                throw new RowException("field '" + asked.getFirst() + "' is missing; " + form);
            }
            List<Message> prompt = new ArrayList<>(history(row));
            List<String> question = new ArrayList<>();
            for (String name : asked) {
                question.add(Fields.text(row, name, _ -> ""));
            }
            question.removeIf(String::isEmpty);
            prompt.add(new Message(Role.USER, String.join("\n", question)));
            Optional<String> answer = strict
                    ? Optional.of(Fields.required(row, columns.response.orElseThrow(), form))
                    : columns.response.filter(name -> row.path(name).isString());
            List<Message> response = new ArrayList<>();
            if (answer.isPresent()) {
                String text = strict ? answer.get() : Fields.text(row, answer.get(), _ -> "");
                response.add(new Message(Role.ASSISTANT, text));
            }
            return new Conversation(prompt, response, systemOf(row, columns.system));
        }

        private List<Message> history(ObjectNode row) throws RowException {
            List<Message> turns = new ArrayList<>();
            if (columns.history.isPresent() && row.get(columns.history.get()) instanceof ArrayNode pairs) {
                String what = "field '" + columns.history.get() + "'";
                for (JsonNode pair : pairs) {
                    if (!pair.isArray() || pair.size() != 2) {
                        throw new RowException(what + " must be a list of [question, answer], but holds "
                                + Fields.shortened(pair) + "; write pairs");
                    }
                    turns.add(new Message(Role.USER, Fields.text(pair.get(0), what)));
                    turns.add(new Message(Role.ASSISTANT, Fields.text(pair.get(1), what)));
                }
            }
            return turns;
        }
    }

    /// A list of messages that say who speaks; the last one is the answer. Questions and answers must alternate,
    /// else the conversation is empty.
    ///
    /// @param messages the field of the list
    /// @param system the field of the system text, which a first message may hold as well
    /// @param tags how messages say who speaks
    record ShareGpt(String messages, Optional<String> system, Tags tags) implements RowForm {
        /// The names in a message.
        ///
        /// @param role the field that says who speaks
        /// @param content the field of what is said
        /// @param roles who speaks
        record Tags(String role, String content, Roles roles) {}

        /// The names of those who speak.
        record Roles(String user, String assistant, String observation, String function, String system) {}

        @Override
        public Conversation convert(ObjectNode row) throws RowException {
            if (!(row.get(messages) instanceof ArrayNode list)) {
                throw new RowException("field '" + messages
                        + "' must be a list of messages; name the fields of the file under 'columns'");
            }
            String above = systemOf(row, system);
            List<Message> said = new ArrayList<>();
            boolean alternate = true;
            for (int i = 0; i < list.size(); i++) {
                String who = field(list.get(i), tags.role);
                String content = field(list.get(i), tags.content);
                if (i == 0 && who.equals(tags.roles.system)) {
                    above = content;
                    continue;
                }
                Optional<Role> role = role(who, said.size() % 2 == 0);
                alternate &= role.isPresent();
                said.add(new Message(role.orElse(Role.USER), content));
            }
            if (!alternate || said.size() % 2 != 0 || said.isEmpty()) {
                return new Conversation(List.of(), List.of(), above);
            }
            return new Conversation(said.subList(0, said.size() - 1), List.of(said.getLast()), above);
        }

        private Optional<Role> role(String who, boolean asks) {
            Roles roles = tags.roles;
            if (asks) {
                return who.equals(roles.user)
                        ? Optional.of(Role.USER)
                        : Optional.of(Role.OBSERVATION).filter(_ -> who.equals(roles.observation));
            }
            return who.equals(roles.assistant)
                    ? Optional.of(Role.ASSISTANT)
                    : Optional.of(Role.FUNCTION).filter(_ -> who.equals(roles.function));
        }

        private String field(JsonNode message, String name) throws RowException {
            if (!message.isObject() || !message.hasNonNull(name)) {
                throw new RowException("a message of '" + messages + "' must have '" + tags.role + "' and '"
                        + tags.content + "', but one is " + Fields.shortened(message)
                        + "; name its fields under 'tags'");
            }
            return Fields.text(message.get(name), "field '" + name + "' of a message");
        }
    }

    private static String systemOf(ObjectNode row, Optional<String> column) throws RowException {
        return column.isPresent() ? Fields.text(row, column.get(), _ -> "") : "";
    }
}

package org.panamask.app;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.panamask.Answering;
import org.panamask.Generation;
import org.panamask.GenerationException;
import org.panamask.Panamask;
import org.panamask.Prompt;
import org.panamask.StoppedException;
import org.panamask.config.SettingException;
import org.panamask.sampling.SamplerSettings;
import org.panamask.text.Message;
import org.panamask.text.TokenizerException;
import org.panamask.text.template.TemplateException;

/// A conversation at the terminal: lines that begin with a slash are commands, all others questions.
final class ChatSession {
    private final Panamask model;
    private final ChatScreen screen;
    private final List<Message> history = new ArrayList<>();
    private SamplerSettings settings;
    private String system;
    private boolean live;

    ChatSession(Panamask model, ChatScreen screen, SamplerSettings settings, String system, boolean live) {
        this.model = model;
        this.screen = screen;
        this.settings = settings;
        this.system = system;
        this.live = live;
    }

    /// Answers until the input ends or `/exit`.
    void run(BufferedReader in) throws IOException, InterruptedException {
        screen.greet(model, settings.summary());
        boolean goesOn = true;
        while (goesOn) {
            screen.ask();
            String line = in.readLine();
            if (line == null) {
                goesOn = false;
            } else if (line.startsWith("/")) {
                goesOn = command(line.strip());
            } else if (!line.isBlank()) {
                answer(line);
            }
        }
    }

    private boolean command(String line) {
        int space = line.indexOf(' ');
        String name = space < 0 ? line : line.substring(0, space);
        String rest = space < 0 ? "" : line.substring(space + 1).strip();
        switch (name) {
            case "/exit", "/quit" -> {
                return false;
            }
            case "/help" -> screen.help();
            case "/reset" -> {
                history.clear();
                screen.note("The conversation is forgotten.");
            }
            case "/system" -> {
                system = rest;
                screen.note(system.isEmpty() ? "There is no system text." : "The system text is set.");
            }
            case "/steps" -> steps(rest);
            case "/live" -> {
                live = !live;
                screen.note(live ? "The unmasking is shown." : "The unmasking is not shown.");
            }
            default -> screen.note("There is no command '" + name + "'; /help lists them.");
        }
        return true;
    }

    private void steps(String number) {
        try {
            settings = settings.with("steps", Integer.valueOf(number));
            screen.note("An answer takes " + settings.summary() + ".");
        } catch (NumberFormatException _) {
            screen.note("/steps needs a whole number, but got '" + number + "'.");
        } catch (SettingException refused) {
            screen.note(String.valueOf(refused.getMessage()));
        }
    }

    private void answer(String question) throws InterruptedException {
        Message asked = new Message(Message.Role.USER, question);
        List<Message> messages = new ArrayList<>(model.hasTemplate() ? history : List.of());
        messages.add(asked);
        Answering answering;
        try {
            answering = model.start(List.of(new Prompt(messages, system)), settings);
        } catch (GenerationException | TemplateException | TokenizerException refused) {
            screen.note(String.valueOf(refused.getMessage()));
            if (!history.isEmpty()) {
                screen.note("/reset forgets the conversation.");
            }
            return;
        }
        try (InterruptKey _ = InterruptKey.on(answering::cancel)) {
            screen.answer(model, answering, live);
        }
        finish(asked, answering);
    }

    private void finish(Message asked, Answering answering) {
        try {
            Generation answer = answering.answers().join().getFirst();
            history.add(asked);
            history.add(new Message(Message.Role.ASSISTANT, answer.text()));
            screen.cost(answer);
        } catch (CompletionException failure) {
            switch (failure.getCause()) {
                case StoppedException _ -> screen.note("Stopped; the question is forgotten.");
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw failure;
            }
        }
    }
}

% The decision rule, once more and naively: sections 1 to 3 of docs/rule.md,
% clause for clause, for people to read and for the other evaluators to be
% compared with.  Nothing is indexed, cached or clever here on purpose.
%
% What is known of a site are facts; ask.pl reads them:
%
%   type(Id, SdkName, ClassName, Secured)     role, scope, collection, derived
%   operation(Type, Name, Wide, Security)     type_wide or plain, security or plain
%   need(Type, Operation, Needed)             instead of Read
%   class_operation(Class, Operation, OperationOfType1)
%   default_instance(Type, Key, ReadOperation, ModifyOperation)
%   role(Role)                                role_operation(Role, Type, Operation)
%   scope(Scope)                              collection(Collection, Kind, LimitedTo)
%   admin(Id, in|out, Principal)
%   assignment(Id, Admin, Role, From, Until)  category(Assignment, Category)
%   object(Type, Key)                         carries(Type, Key, Scope)
%   resource(Key, Kind)                       device, user or group
%   stored(Collection, Resource)              or, where membership is by rules,
%   rule(Collection, direct(R) | include(C) | exclude(C))
%   role_minimum(Role, Level)                 operation_minimum(Type, Operation, Level)
%
% A category is scope(Id) or collection(Id), never the id alone.  The subject is
% subject(Ids, Level, Delegated, At); a thing is on(Operation, Type, Secured, Key),
% where Secured is also `resource`, and Key is [] where no instance is named.

:- module(rule, [answer/8, listed/4, next_change/3]).

:- dynamic type/4, operation/4, need/3, class_operation/3, default_instance/4,
       role/1, role_operation/3, role_minimum/2, operation_minimum/3, scope/1,
       collection/3, admin/3, assignment/5, category/2, object/2, carries/3,
       resource/2, stored/2, rule/2.

% ---- Section 1: what a question is about --------------------------------

type_named(Name, T) :- decimal(Name, T), type(T, _, _, _).
type_named(Name, T) :- type(T, Name, _, _).
type_named(Name, T) :- type(T, _, Name, _), Name \== none.

decimal(Atom, N) :- atom_number(Atom, N), integer(N), atom_number(Plain, N), Plain == Atom.

class_named(Name, Name) :- class_operation(Name, _, _), \+ sub_atom(Name, _, 1, 0, *), !.
class_named(Name, Class) :-
    setof(N-C, prefix_class(Name, N, C), Found),
    last(Found, _-Class).                      % a longer prefix goes before a shorter

prefix_class(Name, Length, Class) :-
    class_operation(Class, _, _), atom_concat(Prefix, *, Class),
    atom_length(Prefix, Length), sub_atom(Name, 0, Length, After, Prefix), After >= 1.

holds_kind('SMS_R_System', Kind)                :- !, Kind = device.
holds_kind('SMS_CombinedDeviceResources', Kind) :- !, Kind = device.
holds_kind(Class, Kind) :- sub_atom(Class, 0, _, After, 'SMS_G_System_'), After >= 1, !, Kind = device.
holds_kind('SMS_R_User', Kind)                  :- !, Kind = user.
holds_kind('SMS_R_UserGroup', Kind)             :- !, Kind = group.
holds_kind('SMS_CombinedUserResources', Kind)   :- !, member(Kind, [user, group]).
holds_kind(_, _).

exists(_, collection, Key) :- !, collection(Key, _, _).
exists(T, _, Key)  :- default_instance(T, Key, _, _).
exists(27, _, Key) :- !, role(Key).
exists(28, _, Key) :- !, decimal(Key, Id), admin(Id, _, _).
exists(29, _, Key) :- !, scope(Key).
exists(T, _, Key)  :- object(T, Key).

% meaning(+TypeName, +Operation, +Key, -Thing or reason)
meaning(Name, Op, Key, Meaning) :- type_named(Name, T), !, of_type(T, Op, Key, Meaning).
meaning(Name, Op, Key, Meaning) :- class_named(Name, Class), !, of_class(Name, Class, Op, Key, Meaning).
meaning(_, _, _, unknown_type).

of_class(_, Class, Op, _, op_not_applicable) :- \+ class_operation(Class, Op, _), !.
of_class(Name, Class, Op, Key, on(Op1, 1, resource, Key)) :-
    holds_kind(Name, Kind), resource(Key, Kind), !, class_operation(Class, Op, Op1).
of_class(_, _, _, _, no_such_object).

of_type(T, Op, _, unknown_operation) :- \+ operation(T, Op, _, _), !.
of_type(T, Op, Key, Meaning) :-
    default_instance(T, Key, Read, Modify), !,
    (   Op == 'Read'   -> Meaning = on(Read, T, role, Key)
    ;   Op == 'Modify' -> Meaning = on(Modify, T, role, Key)
    ;   Meaning = op_not_applicable ).
of_type(T, Op, [], on(Op, T, Secured, [])) :-
    type(T, _, _, Secured), ( operation(T, Op, type_wide, _) ; memberchk(Secured, [role, derived]) ), !.
of_type(T, Op, Key, on(Op, T, Secured, Key)) :-
    type(T, _, _, Secured), Key \== [], exists(T, Secured, Key), !.
of_type(_, _, _, no_such_object).

% ---- Section 2: who is asking --------------------------------------------

names(subject(Ids, _, _, _), A) :-
    member(Id, Ids), admin(Admin, in, Id), assignment(A, Admin, _, _, _).

% ---- Section 3: the conditions, each by when it fails ----------------------

fails(_, on(Op, T, Secured, _), A, operation) :-
    assignment(A, _, Role, _, _), \+ ( Secured \== derived, role_operation(Role, T, Op) ).
fails(_, Thing, A, Condition) :-
    \+ ( category(A, K), covers(K, Thing) ), cover(Thing, Condition).
fails(subject(_, Level, Delegated, _), Thing, A, level) :-
    assignment(A, _, Role, _, _), minimum(Role, Thing, Minimum),
    \+ ( reaches(Level, Minimum), \+ ( Delegated == yes, has_security(Role) ) ).
fails(subject(_, _, _, At), _, A, time) :-
    assignment(A, _, _, From, Until), \+ ( From =< At, At < Until ).

reaches(Level, Minimum) :- memberchk(Level, [0, 1, 2, 3]), Level >= Minimum.

minimum(Role, on(Op, T, _, _), Minimum) :-
    ( role_minimum(Role, M1) -> true ; M1 = 0 ),
    ( operation_minimum(T, Op, M2) -> true ; M2 = 0 ),
    Minimum is max(M1, M2).

has_security(Role) :- role_operation(Role, T, Op), operation(T, Op, _, security), !.

cover(on(Op, T, _, _), scope)     :- operation(T, Op, type_wide, _), !.
cover(on(_, _, Secured, _), Name) :- memberchk(Secured, [collection, resource]) -> Name = collection ; Name = scope.

covers(_, on(Op, T, _, _)) :- operation(T, Op, type_wide, _), !.
covers(_, on(_, _, role, _)).
covers(_, on(_, _, derived, _)).               % what is missing there is the operation
covers(scope('SMS00ALL'), on(_, _, scope, _)).
covers(scope(S), on(_, T, scope, Key)) :- carries(T, Key, S).
covers(collection(C), on(Op, _, collection, C)) :- collection(C, _, _), \+ memberchk(Op, ['Modify', 'Delete']).
covers(collection(C), on(_, _, collection, Key)) :- limited_to(Key, C).
covers(collection(C), on(_, _, resource, Key)) :- is_member(Key, C).

limited_to(C, Above) :- collection(C, _, L), L \== none, ( Above = L ; limited_to(L, Above) ).

is_member(R, 'SMS00001') :- !, resource(R, device).
is_member(R, 'SMS00004') :- !, ( resource(R, user) ; resource(R, group) ).
is_member(R, C) :- stored(C, R).
is_member(R, C) :- follows(R, C).

:- table follows/2.                            % the same question is asked often
follows(R, C) :-
    ( rule(C, direct(R)) ; rule(C, include(I)), is_member(R, I) ),
    \+ ( rule(C, exclude(E)), is_member(R, E) ),
    collection(C, _, Limit), is_member(R, Limit).

% What else must be allowed on the same thing.
needs(on(Op, T, _, _), _)                                  :- read_operation(T, Op), !, fail.
needs(on(Op, T, _, []), _)                                 :- operation(T, Op, type_wide, _), !, fail.
needs(on(Op, T, Secured, Key), on(Read, T, Secured, Key))  :- Secured == resource, !, read_operation(T, Read), Op \== Read.
needs(on(Op, T, role, Key), on(Read, T, role, Key))        :- default_instance(T, Key, Read, _), !, Op \== Read.
needs(on(Op, T, Secured, Key), on(Needed, T, Secured, Key)) :-
    \+ operation(T, Op, type_wide, _), need(T, Op, _), !, need(T, Op, Needed).
needs(on(_, T, Secured, Key), on(Read, T, Secured, Key))   :- read_operation(T, Read).

read_operation(26, Op) :- !, Op = 'View Asset Intelligence'.
read_operation(_, 'Read').

may(Subject, Thing) :- readable(Subject, Thing), suffices(Subject, Thing, _), !.

readable(Subject, Thing) :- \+ ( needs(Thing, Other), \+ may(Subject, Other) ).

suffices(Subject, Thing, A) :- names(Subject, A), \+ fails(Subject, Thing, A, _).

% ---- The answer: decision, reason, missing, assignments, level ----------------

answer(Subject, Known, Name, Op, Key, Decision, Reason, because(Missing, Ids, Level)) :-
    meaning(Name, Op, Key, Meaning),
    verdict(Meaning, Subject, Reason0, Missing0, Ids0, Level0),
    (   Known == no, memberchk(Reason0, [no_such_object, no_assignment, not_permitted])
    ->  Reason = groups_unknown, Missing = [], Ids = [], Level = none
    ;   Reason = Reason0, Missing = Missing0, Ids = Ids0, Level = Level0 ),
    ( Reason == allowed -> Decision = allow ; Decision = deny ).

verdict(Reason, _, Reason, [], [], none) :- atom(Reason), !.
verdict(Thing, Subject, allowed, [], Ids, none) :-
    readable(Subject, Thing), setof(A, suffices(Subject, Thing, A), Ids), !.
verdict(_, Subject, no_assignment, [], [], none) :- \+ names(Subject, _), !.
verdict(Thing, Subject, not_permitted, Missing, Ids, Level) :-
    ( readable(Subject, Thing) -> Read = [] ; Read = [read] ),
    setof(N-A-Set, miss(Subject, Thing, Read, A, Set, N), Misses),
    Misses = [Least-_-_ | _],
    findall(A, member(Least-A-_, Misses), Ids),
    findall(C, ( member(C, [operation, scope, collection, level, time, read]),
                 member(Least-_-Set, Misses), memberchk(C, Set) ), All),
    list_to_set(All, Missing),
    level_that_helps(Subject, Thing, Least, Misses, Level).

miss(Subject, Thing, Read, A, Set, N) :-
    names(Subject, A),
    findall(C, fails(Subject, Thing, A, C), Failed),
    append(Failed, Read, Set), length(Set, N).

level_that_helps(subject(_, _, Delegated, _), Thing, Least, Misses, Level) :-
    setof(M, A^Set^Role^F^U^Ad^( member(Least-A-Set, Misses), memberchk(level, Set),
              assignment(A, Ad, Role, F, U), minimum(Role, Thing, M),
              \+ ( Delegated == yes, has_security(Role) ) ), [Level | _]), !.
level_that_helps(_, _, _, _, none).

% ---- Lists: the objects of a type, or the resources of a class, that may be Read

listed(Subject, Name, Op, Keys) :-
    ( type_named(Name, T) -> read_operation(T, Op) ; Op = 'Read' ),
    findall(Key, ( candidate(Name, Key), answer(Subject, yes, Name, Op, Key, allow, _, _) ), Found),
    sort(Found, Keys).

candidate(Name, Key) :- type_named(Name, T), !, of_kind(T, Key).
candidate(_, Key)    :- resource(Key, _).

of_kind(T, Key)  :- type(T, _, _, collection), !, collection(Key, _, _).
of_kind(27, Key) :- !, role(Key).
of_kind(28, Key) :- !, admin(Id, _, _), atom_number(Key, Id).
of_kind(29, Key) :- !, scope(Key).
of_kind(T, Key)  :- default_instance(T, Key, _, _).
of_kind(T, Key)  :- object(T, Key), \+ default_instance(T, Key, _, _).

% ---- Until when an answer holds -----------------------------------------------

next_change(Subject, At, Next) :-
    setof(I, boundary(Subject, At, I), [Next | _]), !.
next_change(_, _, none).

boundary(Subject, At, I) :-
    names(Subject, A), assignment(A, _, _, From, Until),
    member(I, [From, Until]), integer(I), I > At.
